// The best way through a trellis (loader/trellis.h) for weights that do not depend on each other.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "quantize/rate.h"

namespace pith::quantize {

// A weight that is to be rounded.
struct Element {
  float value = 0;       // in steps of the grid
  float error_cost = 1;  // of its squared error in steps
  bool stays_zero = false;
};

// What the way is found with; kept, so that nothing is allocated for each path.
class TrellisPath {
 public:
  // The integers of a path from this state that cost least: sum of error_cost * (value - integer)^2 +
  // bit_cost * bits[class][index], by the Viterbi algorithm (Forney 1973). For each class and parity the
  // two integers around a value and the least one are looked at. Counts the indices taken. `codes` is as long
  // as `elements`; with no bits (empty tables) they cost nothing.
  void choose(std::span<const Element> elements, std::uint8_t start, double bit_cost, const CodeBits& bits,
              std::span<std::int8_t> codes, CodeCounts& counts);

 private:
  struct Step {
    std::uint8_t from = 0;  // state
    std::int8_t index = 0;
  };
  std::vector<Step> steps_;  // for each element, the best one into each state
};

}  // namespace pith::quantize
