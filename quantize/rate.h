// What codes cost, as a table.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "passes/services.h"

namespace pith::quantize {

// Codes of a grid around zero: -kLargestCode .. kLargestCode.
inline constexpr int kLargestCode = 127;
inline constexpr std::size_t kCodes = 2 * kLargestCode + 1;

// The bits of each code, at [code + kLargestCode].
using CodeBits = std::vector<float>;

// What codes like these will cost, by the model.
[[nodiscard]] CodeBits bits_of(std::span<const std::int8_t> codes, const passes::RateModel& model);

}  // namespace pith::quantize
