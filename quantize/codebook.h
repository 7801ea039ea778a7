// A codebook for a row-major array of weights, by k-means.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "ir/axis_view.h"

namespace pith::quantize {

// value[i] = centroids[slice of i * width + codes[i]]. The centroids of a slice rise; a slice with fewer
// than `width` repeats its last.
struct SharedValues {
  std::vector<float> centroids;
  std::vector<std::uint8_t> codes;
  std::size_t width = 0;
};

// At most 2^bits (bits 1..8) values for each slice of the view's middle axis. Zeros get a +0.0 of their own.
// `weights` are finite and not empty.
[[nodiscard]] SharedValues share_values(std::span<const float> weights, const ir::AxisView& view, int bits);

}  // namespace pith::quantize
