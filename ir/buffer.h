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

  // Takes over the bytes without copying them; after spill_to(), large ones move to the disk.
  [[nodiscard]] static Buffer own(std::string bytes);
  template <class T>
  [[nodiscard]] static Buffer own(std::vector<T> values) {
    auto owner = std::make_shared<const std::vector<T>>(std::move(values));
    const auto bytes = std::as_bytes(std::span(*owner));
    return place(bytes, std::move(owner));
  }

  // From now on, for the whole process, bytes taken over that are kLeastSpilled or more are moved to a
  // temporary file in this folder, so that the weights of a model need not fit the memory. Where the disk
  // is full they stay in memory. Refuses a folder in which no file can be made. Not to be called while
  // other threads make buffers.
  [[nodiscard]] static Result<void> spill_to(const std::filesystem::path& folder);
  static constexpr std::size_t kLeastSpilled = std::size_t{1} << 20;

  // Says that the bytes are not needed for a while: after spill_to(), the memory of mapped ones is given
  // back, and they are read again when they are touched. Does nothing for bytes in memory.
  void release() const;

  // Bytes that outlive the buffer and all that is made of it.
  [[nodiscard]] static Buffer view(std::span<const std::byte> bytes) { return {bytes, nullptr, false}; }

  // Maps a regular file read-only. Refuses what is missing, unreadable or not a regular file
  // (a folder, a pipe, a device) with ErrorCode::model.
  [[nodiscard]] static Result<Buffer> map_file(const std::filesystem::path& path);
  // The same for an open descriptor, which stays the caller's; `name` is for messages.
  [[nodiscard]] static Result<Buffer> map_descriptor(int descriptor, const std::string& name);

  // The bytes [offset, offset + size) of this buffer; the range must lie inside it.
  [[nodiscard]] Buffer slice(std::uint64_t offset, std::uint64_t size) const;

  // The bytes as slices of at most kWindow, one after the other: who releases each when it is done with it
  // holds little of a mapped file in memory.
  [[nodiscard]] std::vector<Buffer> windows() const;
  static constexpr std::size_t kWindow = std::size_t{4} << 20;

  // A copy in memory, aligned for every type.
  [[nodiscard]] Buffer copy() const;

  [[nodiscard]] std::span<const std::byte> bytes() const { return bytes_; }
  [[nodiscard]] std::size_t size() const { return bytes_.size(); }
  [[nodiscard]] std::string_view text() const {
    return {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()};
  }

 private:
  Buffer(std::span<const std::byte> bytes, std::shared_ptr<const void> owner, bool mapped)
      : bytes_(bytes), owner_(std::move(owner)), mapped_(mapped) {}

  // Bytes in memory, or a copy of them on the disk.
  static Buffer place(std::span<const std::byte> bytes, std::shared_ptr<const void> owner);

  std::span<const std::byte> bytes_;
  std::shared_ptr<const void> owner_;
  bool mapped_ = false;
};

}  // namespace pith::ir
