// `fast` streams of tensors that are too small for tables (docs/coders.md).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "loader/code_shape.h"

namespace pith::codec {

// The smallest stream of the adaptive kind that a few trials find, without its check byte, of at most
// loader::kFastMaxAdaptive values of a tensor of this shape.
[[nodiscard]] std::vector<std::uint8_t> encode_adaptive(std::span<const std::int32_t> values,
                                                        const loader::CodeShape& shape);

}  // namespace pith::codec
