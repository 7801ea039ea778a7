// Magnitude: the smallest weights matter least.
//   score = |w|                       (Han et al. 2015, arXiv:1506.02626)
#pragma once

#include "prune/criteria/criterion.h"

namespace pith::prune {

class Magnitude final : public Criterion {
 public:
  void score(std::span<const float> weights, std::span<float> scores) const override;
};

}  // namespace pith::prune
