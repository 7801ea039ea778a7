// Immutable bytes with shared ownership: held in memory, or a slice of a mapped file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "ir/result.h"

namespace pith::ir {

// A cheap handle; copies share the bytes, which never change.
class Buffer {
 public:
  Buffer() = default;

  // Takes over the bytes without copying them.
  [[nodiscard]] static Buffer own(std::string bytes);
  template <class T>
  [[nodiscard]] static Buffer own(std::vector<T> values) {
    auto owner = std::make_shared<const std::vector<T>>(std::move(values));
    return {std::as_bytes(std::span(*owner)), owner};
  }

  // Maps a regular file read-only. Refuses what is missing, unreadable or not a regular file
  // (a folder, a pipe, a device) with ErrorCode::model.
  [[nodiscard]] static Result<Buffer> map_file(const std::filesystem::path& path);
  // The same for an open descriptor, which stays the caller's; `name` is for messages.
  [[nodiscard]] static Result<Buffer> map_descriptor(int descriptor, const std::string& name);

  // The bytes [offset, offset + size) of this buffer; the range must lie inside it.
  [[nodiscard]] Buffer slice(std::uint64_t offset, std::uint64_t size) const;

  [[nodiscard]] std::span<const std::byte> bytes() const { return bytes_; }
  [[nodiscard]] std::size_t size() const { return bytes_.size(); }
  [[nodiscard]] std::string_view text() const {
    return {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()};
  }

 private:
  Buffer(std::span<const std::byte> bytes, std::shared_ptr<const void> owner)
      : bytes_(bytes), owner_(std::move(owner)) {}

  std::span<const std::byte> bytes_;
  std::shared_ptr<const void> owner_;
};

}  // namespace pith::ir
