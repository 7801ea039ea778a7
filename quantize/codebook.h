// A codebook for a row-major array of weights, by k-means.
#pragma once

#include <cstdint>
#include <vector>

#include "ir/axis_view.h"
#include "ir/tensor.h"

namespace pith::quantize {

// value[i] = centroids[slice of i * width + codes[i]]. The centroids of a slice rise; a slice with fewer
// than `width` repeats its last.
struct SharedValues {
  std::vector<float> centroids;
  std::vector<std::uint8_t> codes;
  std::size_t width = 0;
};

// At most 2^bits (bits 1..8) values for each slice of the view's middle axis. Zeros get a +0.0 of their own.
// `dense` is float32, finite and not empty. For one slice, the whole tensor, this takes twice its size.
[[nodiscard]] SharedValues share_values(const ir::Tensor& dense, const ir::AxisView& view, int bits);

}  // namespace pith::quantize
