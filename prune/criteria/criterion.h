// How little a weight matters. Each criterion is one file of mathematics on spans.
#pragma once

#include <span>

namespace pith::prune {

class Criterion {
 public:
  virtual ~Criterion() = default;

  // One score for each weight, lower for what matters less: finite and not negative, never -0.0. It depends
  // on that weight alone, so a tensor may be scored in parts. A weight that is zero scores zero. `weights`
  // are finite; both spans are equally long.
  virtual void score(std::span<const float> weights, std::span<float> scores) const = 0;
};

}  // namespace pith::prune
