// What codes cost, as a table.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "passes/services.h"

namespace pith::quantize {

// Codes of a grid around zero: -kLargestCode .. kLargestCode.
inline constexpr int kLargestCode = 127;
inline constexpr std::size_t kCodes = 2 * kLargestCode + 1;

// Where a code stands in a table of all.
[[nodiscard]] constexpr std::size_t index_of_code(int code) {
  return static_cast<std::size_t>(std::ptrdiff_t{code} + kLargestCode);
}

// The bits of each code, at index_of_code().
using CodeBits = std::vector<float>;

// What codes like these will cost, by the model.
[[nodiscard]] CodeBits bits_of(std::span<const std::int8_t> codes, const passes::RateModel& model);

}  // namespace pith::quantize
