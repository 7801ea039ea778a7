// The input of the fuzz targets of the coders of integers: a byte with the type in its lower two bits and the
// rank, 0..4, in the others; two bytes a dimension, the lower first; the rest is a stream or the values.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "loader/code_shape.h"

namespace pith::fuzz {

using Bytes = std::vector<std::uint8_t>;

inline constexpr std::uint64_t kMostValues = std::uint64_t{1} << 18;  // 1 MiB of 32-bit integers
inline constexpr std::size_t kMostEncoded = 4096;                     // encoding is slow

// Calls `act(T{}, rest, shape)`.
template <class Act>
int with_type_and_shape(std::span<const std::uint8_t> input, Act act) {
  if (input.empty()) return 0;
  const unsigned type = input[0] & 3U;
  loader::CodeShape shape;
  shape.rank = (input[0] >> 2) % 5U;
  if (input.size() < 1 + 2 * shape.rank) return 0;
  std::uint64_t count = 1;
  for (std::size_t axis = 0; axis < shape.rank; ++axis) {
    shape.dims[axis] = input[1 + 2 * axis] + std::uint64_t{256} * input[2 + 2 * axis];
    count *= shape.dims[axis];  // four dimensions of 16 bits cannot overflow
  }
  if (count > kMostValues) return 0;
  const auto rest = input.subspan(1 + 2 * shape.rank);
  if (type == 0) act(std::int8_t{}, rest, shape);
  if (type == 1) act(std::uint8_t{}, rest, shape);
  if (type == 2) act(std::int16_t{}, rest, shape);
  if (type == 3) act(std::int32_t{}, rest, shape);
  return 0;
}

// The first of the bytes as integers.
template <class T>
std::vector<T> as_values(std::span<const std::uint8_t> bytes) {
  std::vector<T> values(std::min(bytes.size() / sizeof(T), kMostEncoded));
  if (!values.empty()) std::memcpy(values.data(), bytes.data(), values.size() * sizeof(T));
  return values;
}

template <class T>
std::vector<std::int32_t> widened(std::span<const T> values) {
  return {values.begin(), values.end()};
}

// `shape` if it holds that many values, else rows as wide as its last dimension if those do, else one row.
inline loader::CodeShape shape_for(std::size_t count, const loader::CodeShape& shape) {
  if (shape.product(0, shape.rank) == count) return shape;
  loader::CodeShape other;
  const std::uint64_t width = shape.rank == 0 ? 0 : shape.dims[shape.rank - 1];
  const bool tiles = width != 0 && count % width == 0;
  other.rank = tiles ? 2 : 1;
  other.dims[0] = tiles ? count / width : count;
  if (tiles) other.dims[1] = width;
  return other;
}

}  // namespace pith::fuzz
