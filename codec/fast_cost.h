// Arithmetic for estimates in the `fast` encoder: logarithms that are quick
// and the same on every machine, and a coder that only counts.
#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>

#include "loader/fast_side_inl.h"

namespace pith::codec {

// log2 of a positive number, good to about 1e-5: the exponent, and of the mantissa m in [1, 2) the series of
// atanh((m - s) / (m + s)) around s = sqrt(2).
[[nodiscard]] inline double quick_log2(double value) {
  const auto bits = std::bit_cast<std::uint64_t>(value);
  const double exponent = static_cast<double>(static_cast<std::int64_t>(bits >> 52) - 1023);
  const double mantissa = std::bit_cast<double>((bits & 0xFFFFFFFFFFFFFU) | 0x3FF0000000000000U);
  constexpr double middle = 1.4142135623730951;
  const double t = (mantissa - middle) / (mantissa + middle);
  const double t2 = t * t;
  return exponent + 0.5 + 2.8853900817779268 * t * (1 + t2 * (1.0 / 3 + t2 * (0.2 + t2 * (1.0 / 7))));
}

// Counts the bits of a walk without writing them.
class BitCounter {
 public:
  bool bit(loader::BitModel& model, bool bit) {
    const double share = model.share();
    bits_ += 12 - quick_log2(bit ? share : 4096 - share);
    model.update(bit);
    return bit;
  }
  std::uint32_t plain(unsigned count, std::uint32_t value) {
    bits_ += count;
    return value;
  }
  [[nodiscard]] double bits() const { return bits_; }

 private:
  double bits_ = 0;
};

}  // namespace pith::codec
