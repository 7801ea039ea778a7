// Between element types: what data files hold and what models take and give.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "ir/tensor.h"

namespace pith::engine {

// What a value becomes on its way to a floating-point input:
// (value * numerator / denominator - mean) / deviation, in double precision, rounded once.
struct Normalization {
  double numerator = 1;
  double denominator = 1;
  std::vector<double> mean;       // empty: 0; one value; or one for each position along axis 1
  std::vector<double> deviation;  // empty: 1; likewise

  [[nodiscard]] bool is_identity() const;
};

// Whether arrays of `from` may feed inputs of `to`: equal types, any number to a float,
// an integer or boolean to an integer.
[[nodiscard]] bool convertible(ir::DType from, ir::DType to);

// The tensor in another type; `normalization` applies when `to` is a float. Refuses (ErrorCode::data)
// integers that the type cannot hold, and as many means or deviations as axis 1 does not have.
[[nodiscard]] Result<ir::Tensor> converted(const ir::Tensor& tensor, ir::DType to,
                                           const Normalization& normalization = {});

// Positions [first, first + count) of axis 0; shares the bytes. The rank must be at least 1.
[[nodiscard]] ir::Tensor rows(const ir::Tensor& tensor, std::uint64_t first, std::uint64_t count);

// The elements from `first` on as doubles, as many as `values` has; false, and nothing done, for types that
// are no numbers of whole bytes. The elements must exist.
[[nodiscard]] bool load_doubles(const ir::Tensor& tensor, std::uint64_t first, std::span<double> values);

// Every element; refuses (ErrorCode::data) types that are no numbers of whole bytes.
[[nodiscard]] Result<std::vector<double>> to_doubles(const ir::Tensor& tensor);

}  // namespace pith::engine
