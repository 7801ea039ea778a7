#include "loader/onnx_model.h"

#include <array>
#include <charconv>

namespace pith::loader {
namespace {

constexpr std::uint64_t kLargestMessage = 0x7FFFFFFF;
constexpr std::uint8_t kRawData = 9 << 3 | 2;
constexpr std::uint8_t kExternalData = 13 << 3 | 2;
constexpr std::array<std::uint8_t, 2> kIsExternal{14 << 3, 1};  // data_location = EXTERNAL
constexpr std::uint8_t kKey = 1 << 3 | 2;
constexpr std::uint8_t kValue = 2 << 3 | 2;

// A number below 2^63 in decimal digits.
struct Digits {
  explicit Digits(std::uint64_t number)
      : size(static_cast<std::size_t>(std::to_chars(text.data(), text.data() + text.size(), number).ptr -
                                      text.data())) {}
  [[nodiscard]] std::string_view view() const { return {text.data(), size}; }

  std::array<char, 20> text{};
  std::size_t size;
};

// An entry of a tensor's external_data.
std::size_t entry_size(std::string_view key, std::string_view value) {
  return 1 + varint_size(key.size()) + key.size() + 1 + varint_size(value.size()) + value.size();
}

void put_entry(std::string_view key, std::string_view value, WireWriter& out) {
  *out.skip(1) = kExternalData;
  out.varint(entry_size(key, value));
  *out.skip(1) = kKey;
  out.text(key);
  *out.skip(1) = kValue;
  out.text(value);
}

}  // namespace

Vector<std::uint64_t> external_offsets(const Container& container, const GraphIndex& index) {
  // No sum overflows: all tensors together are below the limit that the container was opened with.
  constexpr std::uint64_t kAlignment = 64;
  const auto tensors = container.tensors();
  Vector<std::uint64_t> offsets(tensors.size());
  for (const GrowingMessage& message : index) {
    // An initializer of the main graph lies in one message, that graph; others lie in more.
    if (message.tensor != GrowingMessage::kNone && index[message.parent].parent != GrowingMessage::kNone)
      offsets[message.tensor] = kAlwaysInside;
  }
  std::uint64_t end = 0;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    if (offsets[i] == kAlwaysInside) continue;
    offsets[i] = (end + kAlignment - 1) / kAlignment * kAlignment;
    end = offsets[i] + tensors[i].layout.dense_size;
  }
  return offsets;
}

Expected<OnnxModel> OnnxModel::plan(const Source& source, std::string_view location) noexcept {
  return guarded([&]() -> Expected<OnnxModel> {
    OnnxModel model(source, location);
    if (Status status = model.measure(); !status.ok()) return std::unexpected(std::move(status));
    return model;
  });
}

Status OnnxModel::measure() {
  growth_.resize(from_.index.size());
  size_ = from_.graph.size();
  for (std::size_t i = from_.index.size(); i-- > 0;) {
    const GrowingMessage& message = from_.index[i];
    if (message.tensor != GrowingMessage::kNone) growth_[i] += insertion_size(message.tensor);
    const std::uint64_t before = message.end - message.content;
    const std::size_t length_before = message.content - message.length_at;
    const std::uint64_t grown = growth_[i] + varint_size(before + growth_[i]) - length_before;
    (message.parent == GrowingMessage::kNone ? size_ : growth_[message.parent]) += grown;
  }
  if (size_ <= kLargestMessage) return {};
  return {StatusCode::limit, "the model is larger than 2 GiB, the limit of an ONNX message"};
}

std::uint64_t OnnxModel::insertion_size(std::size_t tensor) const {
  const std::uint64_t size = from_.container.tensors()[tensor].layout.dense_size;
  if (is_inside(tensor)) return 1 + varint_size(size) + size;
  std::uint64_t total = kIsExternal.size();
  const Digits offset(from_.offsets[tensor]);
  const Digits length(size);
  for (const std::size_t entry : {entry_size("location", location_), entry_size("offset", offset.view()),
                                  entry_size("length", length.view())}) {
    total += 1 + varint_size(entry) + entry;
  }
  return total;
}

void OnnxModel::write_insertion(std::size_t tensor, WireWriter& out, std::span<std::uint8_t*> places) const {
  const std::uint64_t size = from_.container.tensors()[tensor].layout.dense_size;
  if (is_inside(tensor)) {
    *out.skip(1) = kRawData;
    out.varint(size);
    places[tensor] = out.skip(static_cast<std::size_t>(size));
    return;
  }
  put_entry("location", location_, out);
  put_entry("offset", Digits(from_.offsets[tensor]).view(), out);
  put_entry("length", Digits(size).view(), out);
  out.bytes(kIsExternal);
}

void OnnxModel::write(std::uint8_t* out, std::span<std::uint8_t*> places) const {
  WireWriter writer(out);
  std::size_t at = 0;
  const auto copy_to = [&](std::size_t end) {
    writer.bytes(from_.graph.subspan(at, end - at));
    at = end;
  };
  for (std::size_t i = 0; i < from_.index.size(); ++i) {
    const GrowingMessage& message = from_.index[i];
    copy_to(message.length_at);
    writer.varint(message.end - message.content + growth_[i]);
    at = message.content;
    if (message.tensor == GrowingMessage::kNone) continue;
    copy_to(message.end);
    write_insertion(message.tensor, writer, places);
  }
  copy_to(from_.graph.size());
}

}  // namespace pith::loader
