// What codes cost, without a coder.
#pragma once

#include <cmath>
#include <vector>

#include "passes/services.h"

namespace pith::test {

// Ideal code lengths.
class IdealRate final : public passes::RateModel {
 public:
  [[nodiscard]] std::vector<float> bits(std::span<const std::uint64_t> counts) const override {
    double total = 0;
    for (const std::uint64_t count : counts) total += static_cast<double>(count) + 0.5;
    std::vector<float> result;
    for (const std::uint64_t count : counts)
      result.push_back(static_cast<float>(-std::log2((static_cast<double>(count) + 0.5) / total)));
    return result;
  }
  [[nodiscard]] bool stores_trellises() const override { return trellises; }

  bool trellises = false;
};

}  // namespace pith::test
