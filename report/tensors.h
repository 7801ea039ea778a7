// What is known of each weight, before and after compression.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ir/model.h"

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
  double bits_per_weight = 0;     // 8 * bytes_after / elements
  double sparsity = 0;            // share of exact zeros
  std::uint64_t distinct = 0;     // different values
  double entropy_bits = 0;        // order-0 entropy of the values, bits a weight
  std::optional<double> sqnr_db;  // 10 log10(sum w^2 / sum (w - w')^2); nullopt when equal or not comparable
  std::optional<double> max_abs_error;  // nullopt when not comparable
};

// What a file holds its constants in.
enum class Storage : unsigned char {
  container,  // .pith: payloads of encodings, codes packed to their bits
  onnx,       // .onnx: carriers, one byte a code, float32 zero points
};

// float16, bfloat16, float32 and float64.
[[nodiscard]] bool is_float(ir::DType dtype);

// Bytes that the file spends on the values of this constant.
[[nodiscard]] std::uint64_t bytes_in(Storage storage, const ir::Constant& constant);

// One entry a constant of `after` with at least one element, all graphs, in order. Sizes are compared with
// the constant of the same name, type and shape in `before`; values with that in `exact`, which is `before`
// after the passes that only rewrite it (folding changes weights, and that is no error).
[[nodiscard]] std::vector<TensorEntry> measure_tensors(const ir::Model& before, Storage before_in,
                                                       const ir::Model& exact, const ir::Model& after,
                                                       Storage after_in);

// Bytes in constants that repeat another constant bit for bit.
[[nodiscard]] std::uint64_t duplicate_bytes(const ir::Model& model, Storage storage);

}  // namespace pith::report
