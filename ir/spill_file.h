// Bytes that are too many for the memory: kept in a temporary file without a name, and mapped.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <span>

#include "ir/file_descriptor.h"
#include "ir/result.h"

namespace pith::ir {

class SpillFile : public std::enable_shared_from_this<SpillFile> {
 public:
  // Opens the file in this folder; it has no name, so nothing is left of it however the process ends. Refuses
  // (ErrorCode::environment) a folder in which no file can be made.
  [[nodiscard]] static Result<std::shared_ptr<SpillFile>> open(const std::filesystem::path& folder);

  // A mapping of a copy of the bytes, aligned to a page; its space in the file is freed with it. nullptr when
  // the disk is full: the caller then keeps them in memory. May be called from several threads.
  [[nodiscard]] std::shared_ptr<const void> keep(std::span<const std::byte> bytes);

 private:
  explicit SpillFile(FileDescriptor file) : file_(std::move(file)) {}

  FileDescriptor file_;
  std::mutex mutex_;
  std::int64_t end_ = 0;
};

}  // namespace pith::ir
