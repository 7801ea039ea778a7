// Integers of a trellis for tests, and whether there is a trellis that has given ones.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "loader/trellis.h"

namespace pith::test {

// The integers of a tensor that these indices stand for, in the order of its memory.
inline std::vector<std::int8_t> trellis_values(std::span<const std::int8_t> indices,
                                               const loader::CodeShape& shape,
                                               loader::trellis::Trellis trellis) {
  using namespace loader::trellis;
  Paths paths(shape, trellis, indices.size());
  std::vector<std::int8_t> values;
  for (const std::int8_t index : indices) {
    values.push_back(static_cast<std::int8_t>(value_of(index, grid_of(paths.state()))));
    paths.advance(index);
  }
  return values;
}

inline bool has_values(std::span<const std::int8_t> values, const loader::CodeShape& shape,
                       loader::trellis::Trellis trellis) {
  using namespace loader::trellis;
  Paths paths(shape, trellis, values.size());
  for (const std::int8_t value : values) {
    const auto index = index_of(value, grid_of(paths.state()));
    if (!index) return false;
    paths.advance(*index);
  }
  return true;
}

}  // namespace pith::test
