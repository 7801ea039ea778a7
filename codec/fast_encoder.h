// Writes the `fast` streams that loader/fast_decoder.h reads.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "loader/fast_model.h"

namespace pith::codec {

// What a stream became; for reports and tests.
struct FastSummary {
  const char* kind = "";
  std::size_t lanes = 0;
  std::size_t tokens = 0;
  std::size_t tables = 0;
  std::array<std::size_t, 2> levels{};  // of the two neighbours
  std::array<std::size_t, 2> offsets{};
  std::size_t classes = 0;
  std::size_t header_bytes = 0;
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
