// A weight as the matrix that its operator multiplies with.
#pragma once

#include <cstddef>

namespace pith::quantize {

// `groups` matrices of rows x columns; a row makes one output, a column weighs one input. Element (g, r, c)
// lies at g * group_stride + r * row_stride + c * column_stride.
struct MatrixView {
  std::size_t groups = 1;
  std::size_t rows = 1;
  std::size_t columns = 1;
  std::size_t group_stride = 0;
  std::size_t row_stride = 0;
  std::size_t column_stride = 1;

  [[nodiscard]] std::size_t size() const { return groups * rows * columns; }
  [[nodiscard]] std::size_t at(std::size_t group, std::size_t row, std::size_t column) const {
    return group * group_stride + row * row_stride + column * column_stride;
  }
};

}  // namespace pith::quantize
