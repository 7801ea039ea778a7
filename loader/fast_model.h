// The contexts of a `fast` stream (docs/coders.md): what chooses the table of a token.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "loader/fast_format.h"
#include "loader/memory.h"

namespace pith::loader {

// Which earlier token of the same lane a context sees, and the levels it is reduced to: the number of
// `thresholds` that the token is not below.
struct Neighbour {
  std::size_t offset = 1;
  std::size_t levels = 1;  // 1 = not used
  std::array<std::uint8_t, kFastMaxLevels - 1> thresholds{};

  [[nodiscard]] std::size_t level(std::uint32_t token) const {
    std::size_t result = 0;
    for (std::size_t i = 0; i + 1 < levels; ++i) result += token >= thresholds[i] ? 1U : 0U;
    return result;
  }
};

// Classes of rows (all axes before `row_axis`) and columns (the axes from there to before `column_axis`).
// class = by_sum[row level + column level]. One class = none of this is stored.
struct WeightClasses {
  std::size_t row_axis = 0;
  std::size_t column_axis = 0;
  Vector<std::uint8_t> row_levels;
  Vector<std::uint8_t> column_levels;
  std::array<std::uint8_t, 2 * kFastMaxClassLevel + 1> by_sum{};
  std::size_t count = 1;
};

// Everything that precedes the segments. Table number = (level of the first neighbour * levels of the
// second + level of the second) * classes + class.
struct FastModel {
  TokenAlphabet alphabet;
  std::size_t lanes = 1;
  std::array<Neighbour, 2> neighbours;
  WeightClasses classes;

  [[nodiscard]] std::size_t tables() const {
    return neighbours[0].levels * neighbours[1].levels * classes.count;
  }
  // How many tables apart are those of two levels of each neighbour.
  [[nodiscard]] std::array<std::size_t, 2> strides() const {
    return {neighbours[1].levels * classes.count, classes.count};
  }
  [[nodiscard]] bool has_neighbours() const { return neighbours[0].levels * neighbours[1].levels > 1; }
};

// Looks up the classes of weights.
class ClassMap {
 public:
  // Keeps a reference to `classes`, and at most as many bytes as the tensor has weights.
  ClassMap(const WeightClasses& classes, const CodeShape& shape);
  // Writes the classes of the weights from number `begin` on.
  void fill(std::size_t begin, std::span<std::uint8_t> out) const;

 private:
  const WeightClasses& classes_;
  std::size_t row_size_ = 1;
  Vector<std::uint8_t> patterns_;  // one row of classes for each row level in use
  std::array<std::size_t, kFastMaxClassLevel + 1> pattern_of_level_{};
};

}  // namespace pith::loader
