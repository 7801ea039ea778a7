#include "prune/criteria/magnitude.h"

#include <algorithm>
#include <cmath>

#include "ir/result.h"

namespace pith::prune {

void Magnitude::score(std::span<const float> weights, std::span<float> scores) const {
  PITH_ASSERT(weights.size() == scores.size(), "as many scores as weights");
  std::ranges::transform(weights, scores.begin(), [](float weight) { return std::fabs(weight); });
}

}  // namespace pith::prune
