// Reads a byte string bit by bit, the most significant bit of each byte first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace pith::loader {

class BitReader {
 public:
  explicit BitReader(std::span<const std::uint8_t> bytes, std::uint64_t position = 0)
      : bytes_(bytes), position_(position) {}

  // The next `count` (1..16) bits without taking them; bits past the end read as zero.
  [[nodiscard]] std::uint32_t peek(unsigned count) const {
    const std::size_t first = static_cast<std::size_t>(position_ / 8);
    std::uint32_t window = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      window = window << 8 | (first + i < bytes_.size() ? bytes_[first + i] : 0U);
    }
    const auto used = static_cast<unsigned>(position_ % 8);
    return (window >> (24 - used - count)) & ((1U << count) - 1);
  }

  // Moves on, also past the end: `overrun()` then says so.
  void skip(unsigned count) { position_ += count; }

  [[nodiscard]] std::uint32_t take(unsigned count) {
    const std::uint32_t value = peek(count);
    skip(count);
    return value;
  }

  // Bits taken so far.
  [[nodiscard]] std::uint64_t position() const { return position_; }
  [[nodiscard]] bool overrun() const { return position_ > std::uint64_t{8} * bytes_.size(); }

  // Bytes touched so far, the last one perhaps in part.
  [[nodiscard]] std::uint64_t bytes_used() const { return (position_ + 7) / 8; }

  // Whether the bits between here and the end of the current byte are all zero.
  [[nodiscard]] bool padding_is_zero() const {
    const auto left = static_cast<unsigned>((8 - position_ % 8) % 8);
    return left == 0 || peek(left) == 0;
  }

 private:
  std::span<const std::uint8_t> bytes_;
  std::uint64_t position_;
};

}  // namespace pith::loader
