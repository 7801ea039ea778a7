#include "ir/onnx/external_data.h"

#include <fmt/core.h>

#include <charconv>
#include <optional>
#include <utility>

namespace pith::ir::onnx {
namespace {

constexpr std::size_t kLongestLocation = 4096;

std::unexpected<Error> refuse(std::string message) {
  return fail(ErrorCode::model, std::move(message),
              "external data must lie beside the model, in its own folder");
}

bool is_plain_relative(const std::string& location) {
  if (location.empty() || location.size() > kLongestLocation || location.front() == '/') return false;
  if (location.find('\\') != std::string::npos || location.find('\0') != std::string::npos) return false;
  for (const auto& part : std::filesystem::path(location)) {
    if (part == ".." || part.empty()) return false;
  }
  return true;
}

std::optional<std::uint64_t> decimal(const std::string& text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

struct Range {
  std::string location;
  std::optional<std::uint64_t> offset;
  std::optional<std::uint64_t> length;
};

Result<Range> parse(const proto::TensorProto& tensor) {
  Range range;
  bool has_location = false;
  bool has_checksum = false;
  for (const auto& entry : tensor.external_data()) {
    const std::string& key = entry.key();
    const auto once = [&](bool already) -> Result<void> {
      if (already) return refuse(fmt::format("external data has the key '{}' twice", key));
      return {};
    };
    if (key == "location") {
      PITH_CHECK_OK(once(std::exchange(has_location, true)));
      range.location = entry.value();
    } else if (key == "offset" || key == "length") {
      auto& number = key == "offset" ? range.offset : range.length;
      PITH_CHECK_OK(once(number.has_value()));
      number = decimal(entry.value());
      if (!number)
        return refuse(fmt::format("external data has the {} '{}', which is no number", key, entry.value()));
    } else if (key == "checksum") {
      PITH_CHECK_OK(once(std::exchange(has_checksum, true)));
    } else {
      return refuse(fmt::format("external data has the unknown key '{}'", key));
    }
  }
  if (!is_plain_relative(range.location)) {
    return refuse(fmt::format("external data at '{}' is outside of the model's folder", range.location));
  }
  return range;
}

}  // namespace

ExternalData::ExternalData(DataFolder folder, Opened opened) : opened_(std::move(opened)) {
  enabled_ = !folder.folder.empty();
  root_ = folder.folder;
  if (!enabled_ || folder.root.empty()) return;
  // Both as the kernel sees them, so that a model behind a link is found below the root all the same.
  std::error_code error;
  const auto root = std::filesystem::canonical(folder.root, error);
  const auto inner = error ? root : std::filesystem::canonical(folder.folder, error);
  const auto relative = inner.lexically_relative(root);
  if (error || relative.empty() || *relative.begin() == "..") return;  // the model lies outside: as without
  root_ = root;
  inside_ = relative;
  links_ = Links::inside;
}

Result<Buffer> ExternalData::open(const std::string& location) {
  if (const auto known = files_.find(location); known != files_.end()) return known->second;
  if (!enabled_) return refuse(fmt::format("external data at '{}' is not allowed here", location));

  PITH_TRY(const FileDescriptor file, open_below(root_, (inside_ / location).string(), links_));
  PITH_TRY(Buffer mapped, Buffer::map_descriptor(file.get(), location));
  if (opened_) opened_(location, mapped.size());
  files_.emplace(location, mapped);
  return mapped;
}

Result<Buffer> ExternalData::bytes_of(const proto::TensorProto& tensor, std::uint64_t expected_size) {
  PITH_TRY(const Range range, parse(tensor));
  PITH_TRY(const Buffer file, open(range.location));
  const std::uint64_t offset = range.offset.value_or(0);
  if (offset > file.size())
    return refuse(fmt::format("external data starts past the end of '{}'", range.location));
  const std::uint64_t length = range.length.value_or(file.size() - offset);
  if (length > file.size() - offset)
    return refuse(fmt::format("external data ends past the end of '{}'", range.location));
  if (length != expected_size) {
    return refuse(fmt::format("external data in '{}' has {} bytes where {} are needed", range.location,
                              length, expected_size));
  }
  return file.slice(offset, length);
}

}  // namespace pith::ir::onnx
