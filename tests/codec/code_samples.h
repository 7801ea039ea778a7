// What the tests of the coders of integers share: shapes, values, and ways to damage a stream.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <random>
#include <utility>
#include <vector>

#include "loader/code_shape.h"

namespace pith::codec {

using CodeBytes = std::vector<std::uint8_t>;
using CodeValues = std::vector<std::int32_t>;

inline loader::CodeShape shape_of(std::initializer_list<std::uint64_t> dims) {
  loader::CodeShape shape;
  for (const std::uint64_t dim : dims) shape.dims[shape.rank++] = dim;
  return shape;
}

template <class T>
bool all_fit(const CodeValues& values) {
  return std::ranges::all_of(values, [](std::int32_t value) { return std::in_range<T>(value); });
}

inline CodeValues laplace(std::size_t size, double scale, unsigned seed) {
  std::mt19937 random(seed);
  CodeValues values(size);
  for (auto& value : values) {
    const double share = (static_cast<double>(random()) + 0.5) / 4294967296.0;
    const double magnitude = -scale * std::log(1 - std::abs(2 * share - 1));
    value = static_cast<std::int32_t>(std::lround(share < 0.5 ? -magnitude : magnitude));
  }
  return values;
}

// The same, with this share of them 0.
inline CodeValues sparse(std::size_t size, double scale, double zeros, unsigned seed) {
  CodeValues values = laplace(size, scale, seed);
  std::mt19937 random(seed + 1);
  for (auto& value : values) {
    if (static_cast<double>(random()) < zeros * 4294967296.0) value = 0;
  }
  return values;
}

// Values whose scale depends on their row and column and that follow the ones before them.
inline CodeValues structured(std::size_t rows, std::size_t columns) {
  CodeValues values = laplace(rows * columns, 2.5, 9);
  for (std::size_t i = 1; i < values.size(); ++i) {
    const double scale = (i / columns % 7 == 0 ? 0.05 : 1.0) * (i % columns % 5 == 0 ? 2.0 : 0.7);
    values[i] = static_cast<std::int32_t>(std::lround(scale * values[i] + 0.4 * values[i - 1]));
  }
  return values;
}

// Each of 0..255 about equally often.
inline CodeValues uniform_bytes(std::size_t size) {
  CodeValues values(size);
  std::uint32_t state = 0;
  for (auto& value : values) value = static_cast<std::int32_t>((state += 2654435761U) >> 24);
  return values;
}

inline CodeBytes random_bytes(std::mt19937& random, std::size_t size) {
  CodeBytes bytes(size);
  for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
  return bytes;
}

inline CodeBytes first_bytes(const CodeBytes& stream, std::size_t size) {
  return {stream.begin(), stream.begin() + static_cast<std::ptrdiff_t>(size)};
}

inline CodeBytes with_flipped(CodeBytes stream, std::size_t bit) {
  stream[bit / 8] = static_cast<std::uint8_t>(stream[bit / 8] ^ (1U << (bit % 8)));
  return stream;
}

}  // namespace pith::codec
