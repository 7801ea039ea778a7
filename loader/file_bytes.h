// A file's bytes, read into memory or mapped.
#pragma once

#include <cstdint>
#include <span>
#include <utility>

#include "loader/memory.h"
#include "loader/status.h"

namespace pith::loader {

enum class FileAccess : std::uint8_t { read, map };

class FileBytes {
 public:
  FileBytes() = default;
  FileBytes(FileBytes&& other) noexcept
      : owned_(std::move(other.owned_)), mapped_(std::exchange(other.mapped_, {})) {}
  FileBytes& operator=(FileBytes&& other) noexcept;
  ~FileBytes();

  // Refuses (StatusCode::unreadable) what is not a regular file or cannot be read, and (limit) a file of more
  // than `largest` bytes. Mapped bytes change or vanish with the file.
  [[nodiscard]] static Expected<FileBytes> open(const char* path, FileAccess access,
                                                std::uint64_t largest) noexcept;

  [[nodiscard]] std::span<const std::uint8_t> bytes() const {
    return mapped_.empty() ? std::span<const std::uint8_t>(owned_) : mapped_;
  }

  // Tells the system that these bytes of a mapped file are not needed any more; they come back when read.
  void done_with(std::span<const std::uint8_t> part) const;

 private:
  Vector<std::uint8_t> owned_;
  std::span<const std::uint8_t> mapped_;
};

// What a file over the caller's limit is refused with.
[[nodiscard]] Status file_too_large();

}  // namespace pith::loader
