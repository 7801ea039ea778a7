// What codes cost, as tables.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "loader/trellis.h"
#include "passes/services.h"

namespace pith::quantize {

// Codes of a grid around zero: -kLargestCode .. kLargestCode.
inline constexpr int kLargestCode = 127;
inline constexpr std::size_t kCodes = 2 * kLargestCode + 1;

// Where a code, or an index of a trellis, stands in a table of all.
[[nodiscard]] constexpr std::size_t index_of_code(int code) {
  return static_cast<std::size_t>(std::ptrdiff_t{code} + kLargestCode);
}

// How often each occurs, at index_of_code(): codes in [0], or the indices of each class of a trellis' states.
using CodeCounts = std::array<std::vector<std::uint64_t>, loader::trellis::kClasses>;
[[nodiscard]] CodeCounts no_counts();

// The bits of each, where CodeCounts counts it.
using CodeBits = std::array<std::vector<float>, loader::trellis::kClasses>;

// What codes that occur like these will cost, by the model. Of something that does not occur at all: nothing.
[[nodiscard]] CodeBits bits_of(const CodeCounts& counts, const passes::RateModel& model);

// What these cost together.
[[nodiscard]] double total_bits(const CodeCounts& counts, const passes::RateModel& model);

}  // namespace pith::quantize
