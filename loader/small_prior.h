// Where the counters of the `small` coder start: at the chances that a Laplace
// or Gaussian distribution of the tensor's mean magnitude would give.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace pith::loader::small {

// Nodes of the binary tree of a magnitude m = (high << shift) + low. A node's bit is 1 for "more".
inline constexpr std::size_t kUnaryNodes = 14;  // node i: high > i
inline constexpr std::size_t kLowNodes = 9;  // 14 + 3 * min(high, 2) + {0; 1, 2}: the two upper bits of low
inline constexpr std::size_t kZeroNode = kUnaryNodes + kLowNodes;  // m > 0, if that is coded first
inline constexpr std::size_t kNodes = kZeroNode + 1;

inline constexpr std::size_t kLevels = 48;        // scales, a quarter of an octave apart,
inline constexpr std::int32_t kMiddleLevel = 24;  // around the mean of the tensor
inline constexpr std::uint32_t kShapes = 4;       // 0 Laplace ... 3 Gaussian

// Chances of a 1 in 2^-22, for each level and node. `mean16` is 16 * log2(mean magnitude) and a multiple
// of 4.
using Prior = std::array<std::array<std::uint32_t, kNodes>, kLevels>;

// Which magnitudes are coded: rounded values, or indices of one grid of a trellis, where the mean is that of
// the values.
enum class Magnitudes : std::uint8_t { values, even_grid, odd_grid };

// Needs shape < kShapes, mean16 in -128..892, shift < 32.
void fill_prior(std::uint32_t shape, std::int32_t mean16, std::uint32_t shift, bool zero_first,
                Magnitudes magnitudes, Prior& prior);

}  // namespace pith::loader::small
