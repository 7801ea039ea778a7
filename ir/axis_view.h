// A row-major array seen from one of its axes.
#pragma once

#include <cstddef>

#include "ir/tensor.h"

namespace pith::ir {

// The array as [outer, dim, inner] with the axis in the middle.
struct AxisView {
  std::size_t outer = 1;
  std::size_t dim = 1;
  std::size_t inner = 1;

  [[nodiscard]] std::size_t size() const { return outer * dim * inner; }
};

// The axis must be one of the shape's, and the shape that of a tensor that exists.
[[nodiscard]] inline AxisView view_along(const Shape& shape, std::int64_t axis) {
  PITH_ASSERT(axis >= 0 && axis < std::ssize(shape), "an axis that the shape does not have");
  AxisView view;
  for (std::int64_t i = 0; i < std::ssize(shape); ++i) {
    const auto dim = static_cast<std::size_t>(shape[static_cast<std::size_t>(i)]);
    (i < axis ? view.outer : i == axis ? view.dim : view.inner) *= dim;
  }
  return view;
}

// How many blocks of `block` elements cover a dimension, the last one perhaps in part.
[[nodiscard]] inline std::uint64_t blocks_along(std::int64_t block, std::uint64_t dim) {
  const auto size = static_cast<std::uint64_t>(block);
  return dim / size + (dim % size != 0 ? 1 : 0);
}

}  // namespace pith::ir
