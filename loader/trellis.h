// The integers of a trellis-coded quantizer (docs/coders.md, "6.12").
//
// Two grids take turns: one has the even integers, the other the odd ones and zero, so each is twice as
// coarse as both together. Which one holds the next integer of a path follows from the parities of the
// indices so far, by Ungerboeck's code of eight states (1982, "Channel coding with multilevel/phase signals",
// table I, with h0 = 13 and h1 = 04, octal). A quantizer that looks ahead reaches about the error of the fine
// grid at the bits of the coarse ones: Marcellin and Fischer 1990, "Trellis coded quantization of memoryless
// and Gauss-Markov sources"; Fischer and Wang 1992, "Entropy-constrained trellis-coded quantization".
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "loader/code_shape.h"
#include "loader/memory.h"

namespace pith::loader::trellis {

inline constexpr std::size_t kStates = 8;
// All paths of a tensor start in one of two states: 0, which zeros do not leave, so that paths of zeros cost
// next to nothing, or 1, whose grid costs short paths less.
inline constexpr std::uint8_t kStarts = 2;

// 0: the even integers; 1: zero and the odd ones.
constexpr unsigned grid_of(std::uint8_t state) {
  return state & 1U;
}

// What the chances of an index depend on: in state 0 the path stays as long as indices are 0, and in grid 1
// a zero is only half as wide.
inline constexpr std::size_t kClasses = 3;
constexpr std::size_t class_of(std::uint8_t state) {
  return grid_of(state) == 1 ? 2 : state == 0 ? 0 : 1;
}

// The state after an index, of which only the parity counts.
constexpr std::uint8_t next_state(std::uint8_t state, std::int64_t index) {
  const unsigned a = state & 1U;
  const unsigned b = state >> 1 & 1U;
  const unsigned c = state >> 2 & 1U;
  const auto odd = static_cast<unsigned>(index & 1);
  return static_cast<std::uint8_t>((a ^ b) | (c ^ odd) << 1 | a << 2);
}

// The integer that an index stands for, and back. Negative integers mirror the positive ones.
constexpr std::int64_t value_of(std::int64_t index, unsigned grid) {
  return 2 * index - (grid == 0 ? 0 : std::int64_t{index > 0} - std::int64_t{index < 0});
}
// nullopt: the grid does not have this integer.
constexpr std::optional<std::int64_t> index_of(std::int64_t value, unsigned grid) {
  const std::int64_t index =
      (value + (grid == 0 ? 0 : std::int64_t{value > 0} - std::int64_t{value < 0})) / 2;
  if (value_of(index, grid) != value) return std::nullopt;
  return index;
}

// How a tensor is gone through: along an axis, from a state.
struct Trellis {
  std::uint8_t axis = 0;
  std::uint8_t start = 0;  // below kStarts
};

// The states of all paths of a tensor that is gone through in the order of its memory. A path runs along one
// axis and has every other coordinate fixed.
class Paths {
 public:
  // No paths.
  Paths() = default;
  // Of `count` > 0 elements; the axis is below the rank. Of dimensions that do not have this product there
  // are some paths.
  Paths(const CodeShape& shape, Trellis trellis, std::size_t count)
      : start_(trellis.start),
        length_(shape.dims[trellis.axis]),
        states_(capped_product(shape.sizes().subspan(std::size_t{trellis.axis} + 1), count), trellis.start) {}

  // Of the path that the next element belongs to.
  [[nodiscard]] std::uint8_t state() const { return states_[at_]; }

  // To the next element, past one with this index.
  void advance(std::int64_t index) {
    states_[at_] = next_state(states_[at_], index);
    if (++at_ < states_.size()) return;
    at_ = 0;
    if (++done_ < length_) return;
    done_ = 0;
    std::ranges::fill(states_, start_);
  }

 private:
  std::uint8_t start_ = 0;
  std::uint64_t length_ = 0;
  std::uint64_t done_ = 0;
  std::size_t at_ = 0;
  Vector<std::uint8_t> states_;
};

}  // namespace pith::loader::trellis
