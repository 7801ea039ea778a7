// A long sequence of bytes as buffers one after the other, so that a file is put together without a copy of
// the weights that it holds.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "ir/buffer.h"

namespace pith::ir {

class Pieces {
 public:
  void add(Buffer piece) {
    if (piece.size() == 0) return;
    size_ += piece.size();
    parts_.push_back(std::move(piece));
  }

  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] std::span<const Buffer> parts() const { return parts_; }

  // All bytes, one after the other, in memory.
  [[nodiscard]] std::string joined() const {
    std::string bytes;
    bytes.reserve(size_);
    for (const Buffer& part : parts_) bytes.append(part.text());
    return bytes;
  }

 private:
  std::vector<Buffer> parts_;
  std::uint64_t size_ = 0;
};

}  // namespace pith::ir
