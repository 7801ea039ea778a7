// The constants of the `small` coder (docs/coders.md, "Coder small"), all made
// by integer arithmetic from the formulas given here, so that every compiler
// and machine has the same ones.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace pith::loader::small {

// Largest r with r * r <= value.
constexpr std::uint64_t integer_sqrt(std::uint64_t value) {
  std::uint64_t root = 0;
  for (std::uint64_t bit = std::uint64_t{1} << 31; bit != 0; bit >>= 1) {
    const std::uint64_t next = root | bit;
    if (next * next <= value) root = next;
  }
  return root;
}

// kPower[i] = 2^(i/256) with 30 fraction bits: products of square roots of square roots of 2.
inline constexpr std::array<std::uint32_t, 256> kPower = [] {
  std::array<std::uint64_t, 8> roots{};  // roots[b] = 2^(2^b / 256)
  std::uint64_t root = std::uint64_t{2} << 30;
  for (std::size_t b = 8; b-- > 0;) roots[b] = root = integer_sqrt(root << 30);
  std::array<std::uint32_t, 256> power{};
  for (std::size_t i = 0; i < power.size(); ++i) {
    std::uint64_t product = std::uint64_t{1} << 30;
    for (std::size_t b = 0; b < 8; ++b) {
      if ((i >> b & 1U) != 0) product = product * roots[b] >> 30;
    }
    power[i] = static_cast<std::uint32_t>(product);
  }
  return power;
}();

// floor(2^(exponent / 256 + 30)) for exponent in -10240..255.
constexpr std::uint64_t power30(std::int32_t exponent) {
  const std::int32_t shift = -(exponent >> 8);
  return std::uint64_t{kPower[static_cast<std::size_t>(exponent & 255)]} >> std::min(shift, 40);
}

// Log-odds are to base 2 in steps of 1/256, from -3071 to 3071.
inline constexpr std::int32_t kMaxOdds = 3071;
inline constexpr std::uint32_t kMinChance = 24;  // of 65536; so no bit costs more than 11.5 bits

// Chance of a 1 in 65536ths: 65536 / (1 + 2^(-odds / 256)).
constexpr std::uint32_t chance_of(std::int32_t odds) {
  const std::uint64_t one = std::uint64_t{1} << 30;
  const std::uint64_t other = power30(odds < 0 ? odds : -odds);
  const std::uint64_t likely = (one << 16) / (one + other);
  const std::uint64_t chance = odds < 0 ? 65536 - likely : likely;
  return static_cast<std::uint32_t>(std::clamp<std::uint64_t>(chance, kMinChance, 65536 - kMinChance));
}

// Tables that fill_tables makes, which every State calls first: 13 KiB that need not be in a file.
//
// chance_at[(odds + 3072) / 4], rounded to the middle of each step of four.
extern std::array<std::uint16_t, 1536> chance_at;
// odds_at[i] = the least odds whose chance is at least 16 * i + 8.
extern std::array<std::int16_t, 4096> odds_at;
// inverse_scale_at[i] = 2^((192 - i) / 16) with 12 fraction bits.
inline constexpr std::int32_t kMaxScale16 = 192;
extern std::array<std::uint32_t, std::size_t{2} * kMaxScale16> inverse_scale_at;
void fill_tables();

// kLogStep[i] = round(16 * log2((2 i + 129) / 128)).
inline constexpr std::array<std::uint8_t, 64> kLogStep = [] {
  std::array<std::uint8_t, 64> result{};
  for (std::size_t i = 0; i < result.size(); ++i) {
    std::size_t steps = 0;
    while (steps < 16 && kPower[16 * steps + 8] <= (2 * i + 129) << 23) ++steps;
    result[i] = static_cast<std::uint8_t>(steps);
  }
  return result;
}();

// round(16 * log2(value)), from the highest seven bits of a value above 0.
constexpr std::int32_t log16(std::uint32_t value) {
  const int zeros = std::countl_zero(value);
  return (31 - zeros) * 16 + kLogStep[(value << zeros >> 25) & 63U];
}

// floor(2^(exponent16 / 16 + fraction_bits)), for results below 2^32.
constexpr std::uint32_t power16(std::int32_t exponent16, std::int32_t fraction_bits) {
  const std::int32_t shift = (exponent16 >> 4) + fraction_bits;
  const std::uint64_t mantissa = kPower[static_cast<std::size_t>(exponent16 & 15) * 16];
  if (shift >= 32) return 0xFFFFFFFFU;
  if (shift >= 0) return static_cast<std::uint32_t>(mantissa << shift >> 30);
  return shift < -31 ? 0 : static_cast<std::uint32_t>(mantissa >> (30 - shift));
}

}  // namespace pith::loader::small
