#include "ir/onnx/raw_data.h"

#include <cstring>
#include <optional>

#include "ir/wire.h"

namespace pith::ir::onnx {
namespace {

constexpr int kDeepest = 128;     // as check_wire()
constexpr unsigned kRawData = 9;  // field of TensorProto

enum class Message : std::uint8_t { model, graph, node, attribute, tensor, sparse_tensor, other };

// What the field of a message holds, as far as it leads to tensors (onnx.proto).
Message field_type(Message message, std::uint64_t field) {
  switch (message) {
    case Message::model:
      return field == 7 ? Message::graph : Message::other;
    case Message::graph:
      if (field == 1) return Message::node;
      if (field == 5) return Message::tensor;  // initializer
      return field == 15 ? Message::sparse_tensor : Message::other;
    case Message::node:
      return field == 5 ? Message::attribute : Message::other;
    case Message::attribute:
      if (field == 5 || field == 10) return Message::tensor;               // t, tensors
      return field == 6 || field == 11 ? Message::graph : Message::other;  // g, graphs
    case Message::sparse_tensor:
      return field == 1 || field == 2 ? Message::tensor : Message::other;  // values, indices
    default:
      return Message::other;
  }
}

// Copies a message with other raw_data. Lengths stand before what they count, so one walk measures
// and a second one writes.
class Rewriter {
 public:
  virtual ~Rewriter() = default;

  std::optional<std::uint64_t> measure(std::string_view bytes, Message message, int depth = 0) {
    if (depth > kDeepest) return std::nullopt;
    const std::size_t slot = sizes_.size();
    sizes_.push_back(0);
    std::uint64_t size = 0;
    for (FieldReader fields(bytes); !fields.done();) {
      const auto field = fields.next();
      if (!field) return std::nullopt;
      const Message inner = field_type(message, field->number);
      if (!field->delimited || (inner == Message::other && !is_raw_data(message, *field))) {
        size += field->whole.size();
        continue;
      }
      std::uint64_t content = 0;
      if (inner == Message::other) {
        content = size_of(field->content);
      } else {
        const auto measured = measure(field->content, inner, depth + 1);
        if (!measured) return std::nullopt;
        content = *measured;
      }
      size += field->tag.size() + varint_size(content) + content;
    }
    sizes_[slot] = size;
    return size;
  }

  // After measure() of the same bytes.
  void write(std::string_view bytes, Message message) {
    ++next_;
    for (FieldReader fields(bytes); !fields.done();) {
      const Field field = *fields.next();
      const Message inner = field_type(message, field.number);
      if (!field.delimited || (inner == Message::other && !is_raw_data(message, field))) {
        out_ += field.whole;
        continue;
      }
      out_ += field.tag;
      if (inner == Message::other) {
        put_varint(size_of(field.content), out_);
        put(field.content);
      } else {
        put_varint(sizes_[next_], out_);
        write(field.content, inner);
      }
    }
  }

 protected:
  // Bytes that will stand in the place of a raw_data field's content.
  [[nodiscard]] virtual std::uint64_t size_of(std::string_view content) const = 0;
  virtual void put(std::string_view content) = 0;

  std::string out_;

 private:
  static bool is_raw_data(Message message, const Field& field) {
    return message == Message::tensor && field.number == kRawData;
  }

  std::vector<std::uint64_t> sizes_;  // of the messages that lead to tensors, in the order of the walk
  std::size_t next_ = 0;
};

class Taker final : public Rewriter {
 public:
  explicit Taker(const Buffer& model) : model_(model) {}

  TakenApart take() { return {std::move(out_), std::move(raw_data_)}; }

 private:
  [[nodiscard]] std::uint64_t size_of(std::string_view content) const override {
    return content.empty() ? 0 : sizeof(std::uint32_t);
  }

  void put(std::string_view content) override {
    if (content.empty()) return;
    out_ += make_token(raw_data_.size());
    raw_data_.push_back(
        model_.slice(static_cast<std::uint64_t>(content.data() - model_.text().data()), content.size()));
  }

  const Buffer& model_;
  std::vector<Buffer> raw_data_;
};

class Putter final : public Rewriter {
 public:
  explicit Putter(const std::vector<Buffer>& raw_data) : raw_data_(raw_data) {}

  Pieces take() {
    pieces_.add(Buffer::own(std::exchange(out_, {})));
    return std::move(pieces_);
  }

 private:
  [[nodiscard]] Buffer bytes_of(std::string_view token) const {
    if (token.empty()) return {};
    const std::size_t position = position_of(token, raw_data_);
    PITH_ASSERT(position < raw_data_.size(), "a tensor in a message to write has no bytes");
    return raw_data_[position];
  }
  [[nodiscard]] std::uint64_t size_of(std::string_view token) const override {
    return bytes_of(token).size();
  }

  void put(std::string_view token) override {
    constexpr std::size_t kWorthAPiece = 4096;
    const Buffer bytes = bytes_of(token);
    if (bytes.size() < kWorthAPiece) {
      out_ += bytes.text();
      return;
    }
    pieces_.add(Buffer::own(std::exchange(out_, {})));
    pieces_.add(bytes);
  }

  const std::vector<Buffer>& raw_data_;
  Pieces pieces_;
};

}  // namespace

Result<TakenApart> take_raw_data(const Buffer& model) {
  Taker taker(model);
  if (!taker.measure(model.text(), Message::model)) {
    return fail(ErrorCode::model, "this is not an ONNX model, or it is truncated",
                "name an .onnx or .pith file");
  }
  taker.write(model.text(), Message::model);
  return taker.take();
}

Pieces put_raw_data(const std::string& message, const std::vector<Buffer>& raw_data) {
  Putter putter(raw_data);
  const bool measured = putter.measure(message, Message::model).has_value();
  PITH_ASSERT(measured, "a message that protobuf wrote");
  putter.write(message, Message::model);
  return putter.take();
}

std::string make_token(std::size_t position) {
  const auto number = static_cast<std::uint32_t>(position);
  PITH_ASSERT(number == position, "more than 2^32 tensors");
  std::string token(sizeof(number), '\0');
  std::memcpy(token.data(), &number, sizeof(number));
  return token;
}

std::size_t position_of(std::string_view token, const std::vector<Buffer>& raw_data) {
  std::uint32_t number = 0;
  if (token.size() != sizeof(number)) return raw_data.size();
  std::memcpy(&number, token.data(), sizeof(number));
  return std::min<std::size_t>(number, raw_data.size());
}

}  // namespace pith::ir::onnx
