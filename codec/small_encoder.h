// Writes the streams that loader/small_decoder.h reads.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "loader/small_format.h"

namespace pith::codec {

// The first trellis that has all of these, if they are not all equal.
[[nodiscard]] std::optional<loader::trellis::Trellis> find_trellis(std::span<const std::int8_t> values,
                                                                   const loader::CodeShape& shape);

// The parameters with which these values take the fewest bytes, as far as trials on a part of them tell.
// Needs at least two distinct values, and a trellis that find_trellis() found, or none.
[[nodiscard]] loader::small::Parameters choose_parameters(std::span<const std::int32_t> values,
                                                          const loader::CodeShape& shape,
                                                          std::optional<loader::trellis::Trellis> trellis);

// A stream of these values with given parameters. `values.size()` is the product of the dimensions, not 0.
[[nodiscard]] std::vector<std::uint8_t> encode_small(std::span<const std::int32_t> values,
                                                     const loader::CodeShape& shape,
                                                     const loader::small::Parameters& parameters);

// The same with parameters of its own choice; empty for no values. Any values of 32 bits can be coded.
[[nodiscard]] std::vector<std::uint8_t> encode_small(std::span<const std::int32_t> values,
                                                     const loader::CodeShape& shape);

}  // namespace pith::codec
