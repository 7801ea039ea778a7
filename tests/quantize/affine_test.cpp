#include "quantize/affine.h"

#include <cmath>
#include <limits>

#include "tests/support/catch.h"
#include "tests/support/weight_model.h"

using namespace pith;
using quantize::fit_step, quantize::fit_steps, quantize::Grid, quantize::Groups, quantize::round_to_grid;
using Floats = std::vector<float>;
using Signed = std::vector<std::int8_t>;
using Unsigned = std::vector<std::uint8_t>;

namespace {

constexpr float kLargest = std::numeric_limits<float>::max();
constexpr float kSmallestNormal = std::numeric_limits<float>::min();

Signed symmetric_codes(const Floats& weights, int bits) {
  const Grid grid{.bits = bits, .symmetric = true};
  const Groups groups{.view = {.inner = weights.size()}};
  return round_to_grid<std::int8_t>(weights, groups, grid, fit_steps(weights, groups, grid));
}

Unsigned asymmetric_codes(const Floats& weights, int bits) {
  const Grid grid{.bits = bits, .symmetric = false};
  const Groups groups{.view = {.inner = weights.size()}};
  return round_to_grid<std::uint8_t>(weights, groups, grid, fit_steps(weights, groups, grid));
}

}  // namespace

TEST_CASE("grids have the codes of their width") {
  CHECK(Grid{.bits = 8, .symmetric = true}.lowest() == -127);
  CHECK(Grid{.bits = 8, .symmetric = true}.highest() == 127);
  CHECK(Grid{.bits = 2, .symmetric = true}.lowest() == -1);
  CHECK(Grid{.bits = 2, .symmetric = true}.highest() == 1);
  CHECK(Grid{.bits = 8, .symmetric = false}.lowest() == 0);
  CHECK(Grid{.bits = 8, .symmetric = false}.highest() == 255);
  CHECK(Grid{.bits = 2, .symmetric = false}.highest() == 3);
}

TEST_CASE("a symmetric step covers the largest magnitude") {
  const Grid grid{.bits = 4, .symmetric = true};
  CHECK(fit_step(-7, 3, grid).scale == 1.0F);
  CHECK(fit_step(-7, 14, grid).scale == 2.0F);
  CHECK(fit_step(-7, 14, grid).zero_point == 0);
}

TEST_CASE("an asymmetric step covers the range and zero") {
  const Grid grid{.bits = 4, .symmetric = false};
  const auto both = fit_step(-5, 10, grid);
  CHECK(both.scale == 1.0F);
  CHECK(both.zero_point == 5);
  const auto positive = fit_step(0, 30, grid);
  CHECK(positive.scale == 2.0F);
  CHECK(positive.zero_point == 0);
  const auto negative = fit_step(-30, 0, grid);
  CHECK(negative.scale == 2.0F);
  CHECK(negative.zero_point == 15);
}

TEST_CASE("scales are finite, positive and normal for every range") {
  for (const int bits : {2, 3, 8}) {
    for (const bool symmetric : {true, false}) {
      const Grid grid{.bits = bits, .symmetric = symmetric};
      CHECK(fit_step(0, 0, grid).scale == 1.0F);
      CHECK(fit_step(0, 0, grid).zero_point == 0);
      for (const float size : {1e-45F, 1e-40F, kSmallestNormal, 1.0F, 3e38F, kLargest}) {
        for (const auto& step :
             {fit_step(-size, size, grid), fit_step(0, size, grid), fit_step(-size, 0, grid)}) {
          CHECK(std::isfinite(step.scale));
          CHECK(step.scale >= kSmallestNormal);
          CHECK(step.zero_point >= 0);
          CHECK(step.zero_point <= grid.highest());
        }
      }
    }
  }
  CHECK(fit_step(-3e38F, 3e38F, {.bits = 2, .symmetric = false}).scale ==
        static_cast<float>(2 * static_cast<double>(3e38F) / 3));
}

TEST_CASE("halves round to even") {
  CHECK(symmetric_codes({-7, 3.5F, 2.5F, -0.5F, 0, 7, 1.5F, -1.5F, -2.5F}, 4) ==
        Signed{-7, 4, 2, 0, 0, 7, 2, -2, -2});
  CHECK(asymmetric_codes({-5, 0, 10, 0.5F, 1.5F, -0.0F}, 4) == Unsigned{0, 5, 15, 5, 7, 5});
}

TEST_CASE("codes at the ends of the range stay on the grid") {
  for (const float size : {1.0F, 0.1F, 0.3F, 1e-3F, 123.456F, kLargest}) {
    CHECK(symmetric_codes({size, -size, 0}, 8) == Signed{127, -127, 0});
    CHECK(asymmetric_codes({size, 0, 0}, 8) == Unsigned{255, 0, 0});
    CHECK(asymmetric_codes({-size, 0, 0}, 8) == Unsigned{0, 255, 255});
  }
}

TEST_CASE("denormals round to zero or the smallest step") {
  CHECK(symmetric_codes({1e-45F, -1e-45F, 1.1e-38F}, 8) == Signed{0, 0, 1});
}

TEST_CASE("each channel has its own scale, whichever axis it is") {
  const Grid grid{.bits = 4, .symmetric = true};
  const Floats weights{7, 14, -21, 3, 4, 9};
  const Groups rows{.view = ir::view_along({2, 3}, 0)};
  CHECK(fit_steps(weights, rows, grid).scales == Floats{3, static_cast<float>(9.0 / 7)});
  const Groups columns{.view = ir::view_along({2, 3}, 1)};
  const auto steps = fit_steps(weights, columns, grid);
  CHECK(steps.scales == Floats{1, 2, 3});
  CHECK(steps.zero_points.empty());
  CHECK(round_to_grid<std::int8_t>(weights, columns, grid, steps) == Signed{7, 7, -7, 3, 2, 3});
}

TEST_CASE("blocks run along an axis; the last may be shorter") {
  const Grid grid{.bits = 2, .symmetric = true};
  const Floats weights{1, 2, 3, 4, 5, 6};
  const Groups down{.view = ir::view_along({3, 2}, 0), .block = 2};
  CHECK(down.count() == 4);
  CHECK(fit_steps(weights, down, grid).scales == Floats{3, 4, 5, 6});
  CHECK(round_to_grid<std::int8_t>(weights, down, grid, fit_steps(weights, down, grid)) ==
        Signed{0, 0, 1, 1, 1, 1});  // 1/3, 2/4 (a half, to even), 3/3, 4/4, 5/5, 6/6
  const Groups across{.view = ir::view_along({2, 3}, 1), .block = 2};
  CHECK(fit_steps(weights, across, grid).scales == Floats{2, 3, 5, 6});
  const Groups wide{.view = ir::view_along({2, 3}, 1), .block = 100};
  CHECK(fit_steps(weights, wide, grid).scales == Floats{3, 6});
  // The middle axis of [2,3,1] is laid out as the last of [2,3]; of [1,3,2] as the first of [3,2].
  CHECK(fit_steps(weights, {.view = ir::view_along({1, 3, 2}, 1), .block = 2}, grid).scales ==
        Floats{3, 4, 5, 6});
}

TEST_CASE("blocks of a middle axis have scales of its neighbours' layout") {
  // [2,3,2] in blocks of 2 along axis 1: scales [2,2,2].
  const Grid grid{.bits = 2, .symmetric = true};
  const Floats weights{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  const Groups groups{.view = ir::view_along({2, 3, 2}, 1), .block = 2};
  const auto steps = fit_steps(weights, groups, grid);
  CHECK(steps.scales == Floats{3, 4, 5, 6, 9, 10, 11, 12});
  CHECK(round_to_grid<std::int8_t>(weights, groups, grid, steps) ==
        Signed{0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1});
}

TEST_CASE("zero points are exact for each group") {
  const Grid grid{.bits = 4, .symmetric = false};
  const Floats weights{-5, 10, 0, 0, 30, 15};
  const Groups rows{.view = ir::view_along({2, 3}, 0)};
  const auto steps = fit_steps(weights, rows, grid);
  CHECK(steps.scales == Floats{1, 2});
  CHECK(steps.zero_points == std::vector<std::int32_t>{5, 0});
  CHECK(round_to_grid<std::uint8_t>(weights, rows, grid, steps) ==
        Unsigned{0, 15, 5, 0, 15, 8});  // 7.5 to even
}

TEST_CASE("no weight is further from its value than half a step") {
  const Floats weights = test::seeded_weights(5000);
  for (const int bits : {2, 3, 4, 5, 6, 7, 8}) {
    for (const bool symmetric : {true, false}) {
      const Grid grid{.bits = bits, .symmetric = symmetric};
      const Groups groups{.view = {.inner = weights.size()}};
      const auto steps = fit_steps(weights, groups, grid);
      const double scale = static_cast<double>(steps.scales[0]);
      double largest = 0;
      const auto compare = [&](const auto& codes, int zero) {
        for (std::size_t i = 0; i < codes.size(); ++i) {
          largest = std::max(largest, std::fabs(static_cast<double>(weights[i]) - (codes[i] - zero) * scale));
        }
      };
      if (symmetric) {
        compare(round_to_grid<std::int8_t>(weights, groups, grid, steps), 0);
      } else {
        compare(round_to_grid<std::uint8_t>(weights, groups, grid, steps), steps.zero_points[0]);
      }
      // An asymmetric grid moves by up to half a step to have 0.0 on it, which its ends pay for.
      CHECK(largest <= scale * (symmetric ? 0.50001 : 1.00001));
      CHECK(largest > scale * 0.4);
    }
  }
}
