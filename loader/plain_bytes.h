// The loops over every byte of a tensor that no coder has: apart from what decides between them, so that they
// may be compiled for speed and the rest for size.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "loader/status.h"

namespace pith::loader {

// Codes of `bits` < 8 each, the highest bit first, one after the other; refuses bytes of another number and
// padding that is not zero.
[[nodiscard]] Status unpack_codes(std::span<const std::uint8_t> stored, unsigned bits, bool is_signed,
                                  std::span<std::uint8_t> out);

// Elements `from` to before `end`, of `width` bytes (2, 4 or 8), of which plane p holds byte p, turned right
// by `turn` bits. Plane number `inside`, if there is one, lies at the end of `out`: elements are written up
// to it only once it is read.
void join_planes(const std::array<std::span<const std::uint8_t>, 8>& planes, std::size_t width,
                 std::size_t inside, int turn, std::size_t from, std::size_t end,
                 std::span<std::uint8_t> out);

// Writes the values of `count` affine codes, (code - zero point) * scale, as float32 of one scale and zero
// point. `values` may lie before `codes` and reach them, as long as value i does not reach code i + 1.
void affine_values(const std::uint8_t* codes, std::size_t count, bool is_signed, int zero_point, float scale,
                   std::uint8_t* values);
// The same with a scale for each code, and a zero point for each or, with nullptr, none.
void affine_values(const std::uint8_t* codes, std::size_t count, bool is_signed,
                   const std::uint8_t* zero_points, const std::uint8_t* scales, std::uint8_t* values);

// Whether all codes fit `bits` bits, 1 to 8.
[[nodiscard]] bool codes_in_range(std::span<const std::uint8_t> codes, unsigned bits, bool is_signed);

[[nodiscard]] bool indices_below(std::span<const std::uint8_t> indices, std::uint64_t entries);

}  // namespace pith::loader
