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
// that many), as small as the search finds. The integers are above -2^31. The same input gives the same
// bytes.
[[nodiscard]] std::vector<std::uint8_t> encode_fast(std::span<const std::int32_t> values,
                                                    const loader::CodeShape& shape,
                                                    const FastOptions& options = {},
                                                    FastSummary* summary = nullptr);

}  // namespace pith::codec
