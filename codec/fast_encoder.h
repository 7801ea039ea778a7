// Writes the `fast` streams that loader/fast_decoder.h reads.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "loader/fast_model.h"

namespace pith::codec {

// What a stream became; for tests.
struct FastSummary {
  const char* kind = "";  // "constant", "adaptive" or "tables"; empty for no integers
};

struct FastOptions {
  bool contexts = true;  // false = one table for a tensor, the quickest to decode
  bool classes = true;
  bool neighbours = true;
  bool adaptive = true;  // tensors of up to 2048 weights may do without tables
};

// A `fast` stream of these integers, the elements of a tensor of shape `shape` (which must hold exactly
// that many), as small as the search finds. T is int8, uint8 or int32, above -2^31. The same input gives
// the same bytes. Takes about three bytes of memory a value besides the stream.
template <class T>
[[nodiscard]] std::vector<std::uint8_t> encode_fast(std::span<const T> values, const loader::CodeShape& shape,
                                                    const FastOptions& options = {},
                                                    FastSummary* summary = nullptr);
template <class T>
[[nodiscard]] std::vector<std::uint8_t> encode_fast(const std::vector<T>& values,
                                                    const loader::CodeShape& shape,
                                                    const FastOptions& options = {},
                                                    FastSummary* summary = nullptr) {
  return encode_fast(std::span<const T>(values), shape, options, summary);
}

}  // namespace pith::codec
