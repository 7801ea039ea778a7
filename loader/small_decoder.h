// Decodes a stream of the `small` coder (docs/coders.md, "Coder small").
#pragma once

#include <cstdint>
#include <span>

#include "loader/small_format.h"
#include "loader/status.h"

namespace pith::loader {

// Decodes exactly `values.size()` values, the product of the dimensions of `shape`, from exactly the bytes of
// `stream`. Refuses a wrong header, a value that T does not hold, and a stream that ends early or late. After
// a failure the contents of `values` are unspecified. Allocates 24 bytes per value of a row, of
// which there are at most 65,536 and never more than values, and about 32 KB.
template <class T>
[[nodiscard]] Status decode_small(std::span<const std::uint8_t> stream, const CodeShape& shape,
                                  std::span<T> values);

extern template Status decode_small(std::span<const std::uint8_t>, const CodeShape&, std::span<std::int8_t>);
extern template Status decode_small(std::span<const std::uint8_t>, const CodeShape&, std::span<std::uint8_t>);
extern template Status decode_small(std::span<const std::uint8_t>, const CodeShape&, std::span<std::int16_t>);
extern template Status decode_small(std::span<const std::uint8_t>, const CodeShape&, std::span<std::int32_t>);

}  // namespace pith::loader
