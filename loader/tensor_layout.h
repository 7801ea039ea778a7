// Sizes that follow from what the directory says about a tensor.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "loader/code_shape.h"
#include "loader/format.h"
#include "loader/status.h"

namespace pith::loader {

// a * b and a + b, or nullopt when the result is over 2^63 - 1.
[[nodiscard]] std::optional<std::uint64_t> checked_multiply(std::uint64_t a, std::uint64_t b);
[[nodiscard]] std::optional<std::uint64_t> checked_add(std::uint64_t a, std::uint64_t b);

// Bits of one element of an ONNX type; 2- and 4-bit types are packed. 0 for
// strings and for numbers that ONNX does not define.
[[nodiscard]] unsigned dtype_bits(std::uint8_t dtype);

// One stream before coding.
struct StreamLayout {
  std::uint64_t size = 0;         // bytes
  std::uint8_t element_size = 1;  // bytes of one element: 1, 2, 4 or 8
  std::uint8_t packed_bits = 8;   // bits that `raw` keeps of each byte
  bool packed_signed = false;     // whether the highest of them is a sign
  // The dimensions of the tensor where its elements are those of the stream; otherwise they are a line.
  std::optional<CodeShape> shape = {};

  // The dimensions of the elements, or of each of their bytes.
  [[nodiscard]] CodeShape dimensions() const {
    return shape ? *shape : CodeShape{.dims = {size / element_size}, .rank = 1};
  }
};

struct TensorLayout {
  std::uint64_t elements = 0;
  std::uint64_t dense_size = 0;     // bytes of the values in ONNX's raw_data layout
  std::uint64_t groups = 0;         // scales of an affine tensor, codebooks of a codebook tensor
  std::uint64_t expanded_size = 0;  // the larger of dense_size and all decoded streams together
  std::size_t stream_count = 0;
  std::array<StreamLayout, kMaxStreams> streams;
};

// Refuses what no tensor can be: an unknown type or form, more than 8 dimensions, an axis, bit width,
// block or count out of range, parameters that the form does not have, sizes over 2^63 - 1.
[[nodiscard]] Expected<TensorLayout> layout_of(const TensorHeader& header);

// Fewest bytes that a section may have that expands to `expanded_size`.
[[nodiscard]] constexpr std::uint64_t least_stored_size(std::uint64_t expanded_size) {
  return expanded_size / kMaxExpansion + (expanded_size % kMaxExpansion != 0 ? 1 : 0);
}

}  // namespace pith::loader
