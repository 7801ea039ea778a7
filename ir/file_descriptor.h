// An open file that is closed when its owner goes.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <string>
#include <utility>

namespace pith::ir {

class FileDescriptor {
 public:
  explicit FileDescriptor(int fd = -1) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    reset(std::exchange(other.fd_, -1));
    return *this;
  }
  ~FileDescriptor() { reset(-1); }

  // A new empty file in this folder under a name of its own, which `path` becomes: what is left of a process
  // that was killed is told by the end ".pith-tmp". None, with errno set, when it cannot be made.
  [[nodiscard]] static FileDescriptor temporary(const std::filesystem::path& folder, std::string& path);

  void reset(int fd) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = fd;
  }
  // -1 when there is none.
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

}  // namespace pith::ir
