// Rounding to even grids: value = float(code - zero point) * scale, as ONNX's DequantizeLinear.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "ir/axis_view.h"

namespace pith::quantize {

// The codes of a grid. Symmetric: int8, -(2^(bits-1) - 1) .. 2^(bits-1) - 1, zero point 0. Otherwise
// uint8, 0 .. 2^bits - 1, with a zero point that is a code, so that 0.0 is always on the grid.
struct Grid {
  int bits = 8;  // 2..8
  bool symmetric = true;

  [[nodiscard]] int lowest() const { return symmetric ? -highest() : 0; }
  [[nodiscard]] int highest() const { return (1 << (symmetric ? bits - 1 : bits)) - 1; }
};

struct Step {
  float scale = 1.0F;
  std::int32_t zero_point = 0;
};

// The step for values in low..high (low <= 0 <= high, finite). Symmetric: scale = max(-low, high) / highest;
// else scale = (high - low) / highest and zero point = round(-low / scale). 1 when both are zero. Scales are
// normal float32 numbers: smaller ones are raised to the smallest, since processors may flush them to zero.
[[nodiscard]] Step fit_step(float low, float high, const Grid& grid);

// Which weights have a scale together: each slice of the view's middle axis; with `block` > 0 instead each
// run of `block` along that axis (the last may be shorter), separately for every outer and inner position.
// Scales are in row-major order: [dim], or [outer, ceil(dim / block), inner].
struct Groups {
  ir::AxisView view;
  std::size_t block = 0;

  [[nodiscard]] std::size_t blocks() const { return (view.dim - 1) / block + 1; }  // along the axis
  [[nodiscard]] std::size_t count() const {
    return block == 0 ? view.dim : view.outer * blocks() * view.inner;
  }
};

struct Steps {
  std::vector<float> scales;
  std::vector<std::int32_t> zero_points;  // empty on a symmetric grid
};

// A step for each group, from the range of its weights and zero. `weights` are finite and not empty.
[[nodiscard]] Steps fit_steps(std::span<const float> weights, const Groups& groups, const Grid& grid);

// code = clamp(round(weight / scale) + zero point), halves to even. Code: int8 on a symmetric grid, else
// uint8.
template <class Code>
[[nodiscard]] std::vector<Code> round_to_grid(std::span<const float> weights, const Groups& groups,
                                              const Grid& grid, const Steps& steps);

}  // namespace pith::quantize
