#include "quantize/trellis_path.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "loader/trellis.h"

namespace pith::quantize {
namespace {

using loader::trellis::kStates;

// Indices whose integers are within the grid, on both.
constexpr int kLargestIndex = kLargestCode / 2;
constexpr float kNever = std::numeric_limits<float>::infinity();

struct Choice {
  float cost = kNever;
  std::int8_t index = 0;
};

// The cheapest index of this parity.
Choice cheapest(const Element& element, std::size_t state_class, int parity, float bit_cost,
                const CodeBits& bits) {
  const unsigned grid = state_class == loader::trellis::class_of(1) ? 1 : 0;
  Choice best;
  const auto look = [&](int index) {
    const float error = element.value - static_cast<float>(loader::trellis::value_of(index, grid));
    float cost = element.error_cost * error * error;
    if (bit_cost > 0) cost += bit_cost * bits[state_class][index_of_code(index)];
    if (cost < best.cost) best = {cost, static_cast<std::int8_t>(index)};
  };
  if (element.stays_zero) {
    if (parity == 0) look(0);
    return best;
  }
  // Magnitudes of the same parity are two apart.
  const int sign = element.value < 0 ? -1 : 1;
  const float place = (std::abs(element.value) + static_cast<float>(grid)) / 2;
  const int pairs =
      static_cast<int>((std::min(place, float{kLargestIndex}) - static_cast<float>(parity)) / 2);
  const int below = 2 * pairs + parity;
  look(sign * below);
  if (below + 2 <= kLargestIndex) look(sign * (below + 2));
  if (below > 1) look(sign * parity);
  if (parity != 0) look(-sign);
  return best;
}

}  // namespace

void TrellisPath::choose(std::span<const Element> elements, std::uint8_t start, double bit_cost,
                         const CodeBits& bits, std::span<std::int8_t> codes, CodeCounts& counts) {
  steps_.resize(elements.size() * kStates);
  std::array<float, kStates> costs;
  costs.fill(kNever);
  costs[start] = 0;
  const float cost_of_bit = bits[0].empty() ? 0 : static_cast<float>(bit_cost);
  for (std::size_t i = 0; i < elements.size(); ++i) {
    std::array<std::array<Choice, 2>, loader::trellis::kClasses> choices;
    for (std::size_t state_class = 0; state_class < choices.size(); ++state_class) {
      for (int parity = 0; parity < 2; ++parity) {
        choices[state_class][static_cast<std::size_t>(parity)] =
            cheapest(elements[i], state_class, parity, cost_of_bit, bits);
      }
    }
    std::array<float, kStates> next;
    next.fill(kNever);
    Step* const steps = &steps_[i * kStates];
    for (std::uint8_t state = 0; state < kStates; ++state) {
      for (const Choice& choice : choices[loader::trellis::class_of(state)]) {
        const float cost = costs[state] + choice.cost;
        const std::uint8_t to = loader::trellis::next_state(state, choice.index);
        if (cost < next[to]) {
          next[to] = cost;
          steps[to] = {state, choice.index};
        }
      }
    }
    // Only differences count, and sums of many costs would lose them.
    const float least = std::ranges::min(next);
    for (float& cost : next) cost -= least;
    costs = next;
  }
  auto state = static_cast<std::uint8_t>(std::ranges::min_element(costs) - costs.begin());
  for (std::size_t i = elements.size(); i-- > 0;) {
    const Step& step = steps_[i * kStates + state];
    const unsigned grid = loader::trellis::grid_of(step.from);
    codes[i] = static_cast<std::int8_t>(loader::trellis::value_of(step.index, grid));
    ++counts[loader::trellis::class_of(step.from)][index_of_code(step.index)];
    state = step.from;
  }
}

}  // namespace pith::quantize
