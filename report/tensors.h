// What is known of each weight, before and after compression.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ir/model.h"
#include "report/statistics.h"

namespace pith::report {

struct TensorEntry {
  std::string name;
  ir::Shape shape;
  std::string dtype;
  std::string form;   // "dense", "sparse", "affine", "codebook"
  std::string coder;  // "none" when the values are stored plainly
  std::uint64_t elements = 0;
  std::optional<std::uint64_t> bytes_before;  // nullopt: the tensor was not in the input
  std::uint64_t bytes_after = 0;
  double bits_per_weight = 0;             // 8 * bytes_after / elements
  std::optional<double> sparsity;         // share of exact zeros; this and the next two: see measure_values
  std::optional<std::uint64_t> distinct;  // different values
  std::optional<double> entropy_bits;     // order-0 entropy of the values, bits a weight
  std::optional<double> sqnr_db;  // 10 log10(sum w^2 / sum (w - w')^2); nullopt when equal or not comparable
  std::optional<double> max_abs_error;  // nullopt when not comparable
  std::optional<std::string> same_as;   // the first tensor with the same type, shape and values

  // Bytes of the values at `entropy_bits` each; without a table of the values.
  [[nodiscard]] std::optional<std::uint64_t> entropy_bytes() const;
};

// What a file holds its constants in.
enum class Storage : unsigned char {
  container,  // .pith: payloads of encodings, codes packed to their bits
  onnx,       // .onnx: carriers, one byte a code, float32 zero points
};

struct MeasureOptions {
  Statistics statistics = Statistics::everything;  // none: sizes alone; the values are not looked at
  unsigned threads = 1;                            // the result does not depend on it
};

// Bytes that the file spends on the values of this constant.
[[nodiscard]] std::uint64_t bytes_in(Storage storage, const ir::Constant& constant);

// One entry a constant of `after` with at least one element, all graphs, in order; strings are left out.
// Sizes are compared with the constant of the same name, type and shape in `before`; values with that in
// `exact`, which is `before` after the passes that only rewrite it (folding changes weights, and that is no
// error). Large tensors are unpacked one at a time.
[[nodiscard]] std::vector<TensorEntry> measure_tensors(const ir::Model& before, Storage before_in,
                                                       const ir::Model& exact, const ir::Model& after,
                                                       Storage after_in, const MeasureOptions& options = {});

// The same for a model by itself: nothing is compared.
[[nodiscard]] std::vector<TensorEntry> measure_tensors(const ir::Model& model, Storage storage,
                                                       const MeasureOptions& options = {});

// Bytes in constants that repeat another constant bit for bit.
[[nodiscard]] std::uint64_t duplicate_bytes(std::span<const TensorEntry> tensors);

}  // namespace pith::report
