// How a constant's values are stored. to_dense() is the only place that turns a
// form into plain values; the engine, the tests and the report all use it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "ir/tensor.h"

namespace pith::ir {

// Plain values.
struct Dense {
  Tensor tensor;
};

// value[indices[i]] = values[i], all others are zero. `indices`: int64 [n], linear
// row-major positions, strictly rising; `values`: [n] of the constant's type.
struct Sparse {
  Tensor indices;
  Tensor values;
};

// value = float(code - zero point) * scale, in float32 arithmetic, as ONNX's DequantizeLinear.
//   codes        int8 or uint8, shaped like the constant, one byte a code whatever `bits`
//   scales       float32: [] for the whole tensor (axis 0); [dim[axis]] for one a channel; with `block` > 0
//                shaped like the constant but ceil(dim[axis] / block) along `axis`
//   zero_points  empty (all zero) or as many as scales, in the range of the codes
struct Affine {
  Tensor codes;
  Tensor scales;
  std::vector<std::int32_t> zero_points;
  std::int64_t axis = 0;
  std::int64_t block = 0;
  int bits = 8;
};

// Weight sharing: value = centroids[group][index]. `centroids`: float32 [groups, k], k <= 256;
// `indices`: uint8, shaped like the constant. With `axis`, group = position along that axis
// (groups = dim[axis]); without, there is one group.
struct Codebook {
  Tensor centroids;
  Tensor indices;
  std::optional<std::int64_t> axis;
  int bits = 8;
};

using WeightForm = std::variant<Dense, Sparse, Affine, Codebook>;

// What an entropy-coding pass attaches: the bytes that the container will hold for each stream of the form,
// and the coders that made them (ids of the container format). Dropped by any edit of the constant.
struct Encoding {
  struct Stream {
    std::uint8_t coder = 0;
    Buffer bytes;
  };
  std::vector<Stream> streams;

  // Of the first stream, which holds the values or their codes.
  [[nodiscard]] std::uint8_t coder() const { return streams.front().coder; }
  // Bytes of all streams, with the coder and the size of each.
  [[nodiscard]] std::uint64_t size() const;
};

// A tensor whose values are known: its type and shape, and one form that holds the values.
struct Constant {
  DType dtype = DType::undefined;
  Shape shape;
  WeightForm form;
  std::optional<Encoding> encoding;

  [[nodiscard]] static Constant dense(Tensor tensor);
};

// "dense", "sparse", "affine", "codebook"
[[nodiscard]] std::string_view form_name(const WeightForm& form);

// Every rule above: shapes, counts, index ranges, finite positive scales. Refuses with what is wrong.
[[nodiscard]] Result<void> check(const Constant& constant);

// The values that the form stands for. Throws InternalError on a constant that check() refuses.
[[nodiscard]] Tensor to_dense(const Constant& constant);

// Bytes of the form as it is, before entropy coding: packed codes of `bits`, float32 scales and
// centroids, one byte a zero point, 64-bit sparse positions.
[[nodiscard]] std::uint64_t stored_bytes(const Constant& constant);

// The values of the elements [first, first + count) in row-major order, as a tensor of shape [count].
// Elements of less than a byte must start at a multiple of 8. The range must lie inside of the constant.
[[nodiscard]] Tensor to_dense(const Constant& constant, std::uint64_t first, std::uint64_t count);

// Gives back the memory of mapped bytes, as Buffer::release() does.
void release(const Constant& constant);

// Equal type, shape, form and bytes (encodings are not compared).
[[nodiscard]] bool same_bits(const Constant& a, const Constant& b);

}  // namespace pith::ir
