// Weights with odd numbers, for every pass of the folder.
#pragma once

#include <limits>
#include <utility>
#include <vector>

#include "tests/support/weight_model.h"

namespace pith::test {

struct OddWeight {
  const char* name;
  std::vector<float> values;  // repeated to 16 x 16
};

inline std::vector<OddWeight> finite_odd_weights() {
  constexpr float kLargest = std::numeric_limits<float>::max();
  return {{"all zero", {0}},
          {"negative zeros", {-0.0F, 0.0F, -0.0F}},
          {"a single value", {0.7F}},
          {"a single negative value", {-3}},
          {"one value and zeros", {0, 0, 5}},
          {"denormals", {1e-45F, -1e-45F, 3e-42F, -1e-39F, 0}},
          {"denormals beside normal numbers", {1e-45F, 1, -1e-40F, 0}},
          {"huge", {3e38F, -3e38F, 1e38F, 0, 2.5e38F}},
          {"huge beside tiny", {3e38F, 1e-38F, -1e-45F, 0, -1}},
          {"largest and zero", {kLargest, 0, kLargest}},
          {"only negative", {-1, -2, -0.5F, -0.25F, 0}},
          {"whole numbers", {-128, -127, 0, 127, 255}}};
}

inline ir::Model odd_model(const std::vector<float>& pattern) {
  std::vector<float> values(256);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = pattern[i % pattern.size()];
  return model_around({16, 16}, std::move(values));
}

}  // namespace pith::test
