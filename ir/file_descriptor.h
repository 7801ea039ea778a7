// An open file that is closed when its owner goes.
#pragma once

#include <unistd.h>

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
