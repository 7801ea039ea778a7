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
// Integers of one byte, with a sign or without.
[[nodiscard]] Status decode_small_bytes(std::span<const std::uint8_t> stream, const CodeShape& shape,
                                        std::span<std::uint8_t> values, bool is_signed);

inline Status decode_small(std::span<const std::uint8_t> stream, const CodeShape& shape,
                           std::span<std::uint8_t> values) {
  return decode_small_bytes(stream, shape, values, false);
}
inline Status decode_small(std::span<const std::uint8_t> stream, const CodeShape& shape,
                           std::span<std::int8_t> values) {
  return decode_small_bytes(stream, shape, {reinterpret_cast<std::uint8_t*>(values.data()), values.size()},
                            true);
}

// Of int16 and int32, which the coder takes but no container has: defined in codec/small_wide_decoder.cpp,
// for tests and measurements.
template <class T>
[[nodiscard]] Status decode_small(std::span<const std::uint8_t> stream, const CodeShape& shape,
                                  std::span<T> values);

}  // namespace pith::loader
