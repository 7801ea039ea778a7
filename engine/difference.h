// How far two tensors, or the outputs of two models, are apart.
#pragma once

#include <cstdint>
#include <optional>

#include "ir/tensor.h"

namespace pith::engine {

// Of a tensor x and another y, element by element, in double precision.
struct Difference {
  bool equal = true;  // type, shape and every bit
  std::uint64_t elements = 0;
  double max_abs = 0;    // max |x - y|; infinity where only one is NaN or infinite. NaN equals NaN here
  double max_value = 0;  // max |x| of finite x
  double signal = 0;     // sum x^2 of finite x
  double noise = 0;      // sum (x - y)^2

  // max |x - y| / max |x|; 0 when nothing differs, infinity when x is all zero and y is not.
  [[nodiscard]] double relative() const;
  // 10 log10(signal / noise); nullopt when nothing differs, x is all zero, or a sum is not finite.
  [[nodiscard]] std::optional<double> sqnr_db() const;

  // Together with the difference of further elements.
  void add(const Difference& further);
};

// nullopt when the shapes differ or a type is no number of whole bytes; the types may differ.
[[nodiscard]] std::optional<Difference> difference(const ir::Tensor& x, const ir::Tensor& y);

}  // namespace pith::engine
