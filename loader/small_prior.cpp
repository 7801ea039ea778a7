#include "loader/small_prior.h"

#include <algorithm>

#include "loader/small_tables.h"

namespace pith::loader::small {
namespace {

constexpr std::size_t kSteps = 512;  // of 1/32 of the mean magnitude
using Survival = std::array<std::uint32_t, kSteps + 1>;

// Chance, in 2^-30, of a magnitude of at least step / 32 for a continuous distribution of mean magnitude 1:
// sums of the density at the middle of each step, exp(-t) or exp(-t^2 / pi).
constexpr Survival survival_of(bool gaussian) {
  std::array<std::uint64_t, kSteps + 1> sums{};
  for (std::size_t step = kSteps; step-- > 0;) {
    const auto middle = static_cast<std::int64_t>(2 * step + 1);  // in 1/64
    const std::int64_t exponent = gaussian ? middle * middle * 1881 >> 16 : middle * 1477 >> 8;
    sums[step] =
        sums[step + 1] + power30(-static_cast<std::int32_t>(std::min<std::int64_t>(exponent, 10000)));
  }
  Survival survival{};
  for (std::size_t step = 0; step <= kSteps; ++step) {
    survival[step] = static_cast<std::uint32_t>((sums[step] << 24) / (sums[0] >> 6));
  }
  return survival;
}

// The mixtures of Laplace and Gauss, 3 : 0 to 0 : 3.
constexpr void mix_survival(const Survival& laplace, const Survival& gauss, std::size_t shape,
                            Survival& result) {
  for (std::size_t step = 0; step <= kSteps; ++step) {
    const std::uint64_t sum =
        (kShapes - 1 - shape) * std::uint64_t{laplace[step]} + shape * std::uint64_t{gauss[step]};
    result[step] = static_cast<std::uint32_t>(sum / (kShapes - 1));
  }
}

std::array<Survival, 2> both_survivals() {  // not constexpr, or it would be made by the compiler
  return {survival_of(false), survival_of(true)};
}

// Of the two, made when they are first asked for: 4 KiB that need not be in a file.
const std::array<Survival, 2>& survivals() {
  static const std::array<Survival, 2> kBoth = both_survivals();
  return kBoth;
}

// Twice the value from which on the nearest magnitude is at least m >= 1.
constexpr std::uint64_t twice_threshold(std::uint64_t m, Magnitudes magnitudes) {
  if (magnitudes == Magnitudes::values) return 2 * m - 1;
  if (magnitudes == Magnitudes::even_grid) return 4 * m - 2;
  return m == 1 ? 1 : 4 * m - 4;
}

// Chance, in 2^-30, of a value beyond such a threshold, for a continuous mean magnitude whose reciprocal is
// `inverse` / 2^20. Never 0.
constexpr std::uint64_t beyond(const Survival& survival, std::uint64_t twice, std::uint32_t inverse) {
  const std::uint64_t at = twice * inverse >> 8;  // in 1/8192 of the mean
  const std::uint64_t step = at >> 8;
  if (step >= kSteps) return 1;
  const std::uint64_t fraction = at & 255U;
  return ((256 - fraction) * survival[step] + fraction * survival[step + 1]) / 256 + 1;
}

// Rounding moves the mean magnitude: kScale16[shape][(mean16 + 128) / 4] is the least 16 * log2 of a
// continuous mean from which the rounded values have at least this mean. From mean16 = 32 on they are taken
// as equal.
constexpr std::int32_t kLowestMean16 = -128;
constexpr std::int32_t kEqualMean16 = 32;
constexpr std::array<std::array<std::int8_t, 40>, kShapes> kScale16 = [] {
  std::array<std::array<std::int8_t, 40>, kShapes> result{};
  for (std::size_t shape = 0; shape < kShapes; ++shape) {
    Survival survival{};
    mix_survival(survival_of(false), survival_of(true), shape, survival);
    std::int32_t scale16 = -80;
    std::uint64_t mean = 0;
    for (std::size_t i = 0; i < 40; ++i) {
      const std::uint32_t target = power16(static_cast<std::int32_t>(4 * i) + kLowestMean16, 24);
      while (mean >> 6 < target && scale16 < kEqualMean16) {
        ++scale16;
        mean = 0;
        for (std::uint64_t m = 1; m < 64; ++m) {
          const std::uint64_t chance = beyond(survival, 2 * m - 1, power16(-scale16, 20));
          if (chance < 1024) break;
          mean += chance;
        }
      }
      result[shape][i] = static_cast<std::int8_t>(scale16);
    }
  }
  return result;
}();

std::uint32_t chance22(std::uint64_t part, std::uint64_t whole) {
  return static_cast<std::uint32_t>(std::clamp<std::uint64_t>((part << 22) / whole, 512, (1U << 22) - 512));
}

}  // namespace

void fill_prior(std::uint32_t shape, std::int32_t mean16, std::uint32_t shift, bool zero_first,
                Magnitudes magnitudes, Prior& prior) {
  Survival survival;
  mix_survival(survivals()[0], survivals()[1], shape, survival);
  const std::uint64_t step = std::uint64_t{1} << shift;
  for (std::size_t level = 0; level < kLevels; ++level) {
    const std::int32_t level16 =
        std::max(mean16 + 4 * (static_cast<std::int32_t>(level) - kMiddleLevel), kLowestMean16);
    const std::int32_t scale16 = level16 < kEqualMean16
                                     ? kScale16[shape][static_cast<std::size_t>(level16 - kLowestMean16) / 4]
                                     : level16;
    const std::uint32_t inverse = power16(-scale16, 20);
    // Chance of at least m; every magnitude is at least 0.
    const auto tail = [&](std::uint64_t m) {
      return m == 0 ? (std::uint64_t{1} << 30) + 1
                    : beyond(survival, twice_threshold(m, magnitudes), inverse);
    };
    const std::uint64_t first = zero_first ? 1 : 0;
    auto& nodes = prior[level];
    nodes[kZeroNode] = chance22(tail(1), tail(0));
    for (std::size_t i = 0; i < kUnaryNodes; ++i)
      nodes[i] = chance22(tail(first + (i + 1) * step), tail(first + i * step));
    for (std::size_t high = 0; high < 3; ++high) {
      const std::size_t node = kUnaryNodes + 3 * high;
      std::array<std::uint64_t, 5> quarter{};
      for (std::size_t q = 0; q < 5; ++q) quarter[q] = tail(first + high * step + q * step / 4);
      const auto split = [&](std::size_t from, std::size_t middle, std::size_t to) {
        return chance22(quarter[middle] - quarter[to] + 1, quarter[from] - quarter[to] + 2);
      };
      nodes[node] = split(0, 2, 4);
      nodes[node + 1] = split(0, 1, 2);
      nodes[node + 2] = split(2, 3, 4);
    }
  }
}

}  // namespace pith::loader::small
