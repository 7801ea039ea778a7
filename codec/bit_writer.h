// Writes a byte string bit by bit, the most significant bit of each byte first.
#pragma once

#include <cstdint>
#include <vector>

namespace pith::codec {

class BitWriter {
 public:
  // Appends to `bytes`, starting at a byte border.
  explicit BitWriter(std::vector<std::uint8_t>& bytes) : bytes_(bytes) {}

  // The low `count` (0..16) bits of `value`, the highest first.
  void put(std::uint32_t value, unsigned count) {
    window_ = window_ << count | value;
    filled_ += count;
    while (filled_ >= 8) {
      filled_ -= 8;
      bytes_.push_back(static_cast<std::uint8_t>(window_ >> filled_));
    }
  }

  // Fills the last byte with zeros.
  void finish() {
    if (filled_ > 0) put(0, 8 - filled_);
  }

 private:
  std::vector<std::uint8_t>& bytes_;
  std::uint64_t window_ = 0;
  unsigned filled_ = 0;
};

}  // namespace pith::codec
