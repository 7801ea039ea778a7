// A codebook for a row-major array of weights, by k-means.
#pragma once

#include <cstdint>
#include <vector>

#include "ir/axis_view.h"
#include "ir/tensor.h"

namespace pith::quantize {

// value[i] = centroids[position of i on the middle axis * width + codes[i]]. The centroids of a position
// rise; a position with fewer than `width` repeats its last.
struct SharedValues {
  std::vector<float> centroids;
  std::vector<std::uint8_t> codes;
  std::size_t width = 0;
};

struct Sharing {
  int bits = 5;           // 1..8: at most 2^bits values
  std::size_t group = 1;  // positions of the middle axis that follow each other and have the same values
  // How much each weight counts, above 0, shaped like them; empty: all alike.
  std::vector<float> importance = {};
};

// Zeros get a +0.0 of their own. `dense` is float32, finite and not empty. For one position, the whole
// tensor, without importance, this takes twice its size, with importance six times.
[[nodiscard]] SharedValues share_values(const ir::Tensor& dense, const ir::AxisView& view,
                                        const Sharing& sharing);

}  // namespace pith::quantize
