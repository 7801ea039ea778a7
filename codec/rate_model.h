// What the coders of integers will make of codes.
#pragma once

#include "codec/encode.h"
#include "passes/services.h"

namespace pith::codec {

// The code length of an adaptive coder without contexts, which `small` and `fast` stay below:
// bits(i) = -log2((counts[i] + 1/2) / (N + K/2)), N the sum and K the number of counts from the first to
// the last that is not zero, one more on each side (Krichevsky and Trofimov 1981). Codes further out cost
// one bit more for each.
class AdaptiveRate final : public passes::RateModel {
 public:
  // `choice`: the coders of the streams. Only `small` stores trellises.
  explicit AdaptiveRate(CoderChoice choice) : choice_(choice) {}
  [[nodiscard]] std::vector<float> bits(std::span<const std::uint64_t> counts) const override;
  [[nodiscard]] bool stores_trellises() const override { return choice_ == CoderChoice::small; }

 private:
  CoderChoice choice_;
};

}  // namespace pith::codec
