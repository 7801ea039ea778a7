#include "prune/masks.h"

#include <algorithm>
#include <cmath>

#include "prune/criteria/magnitude.h"
#include "tests/support/catch.h"
#include "tests/support/weight_model.h"

using namespace pith;
using prune::Cut, prune::Mask;

namespace {

std::uint64_t marked(const Mask& mask) {
  return static_cast<std::uint64_t>(std::ranges::count(mask, 1));
}

Cut cut_of_parts(const std::vector<std::vector<float>>& parts, std::uint64_t lowest) {
  return prune::find_cut(parts.size(), [&](std::size_t i) { return std::span(parts[i]); }, lowest);
}

}  // namespace

TEST_CASE("the share of weights is rounded down, but not for the rounding of decimals") {
  CHECK(prune::pruned_count(0.5, 7) == 3);
  CHECK(prune::pruned_count(0.29, 100) == 29);  // 0.29 * 100 is 28.999999999999996
  CHECK(prune::pruned_count(0.999, 1000) == 999);
  CHECK(prune::pruned_count(0.9999, 1000) == 999);
  CHECK(prune::pruned_count(0.1, 9) == 0);
  CHECK(prune::pruned_count(0.0, 100) == 0);
  CHECK(prune::pruned_count(1.0, 3) == 3);
  CHECK(prune::pruned_count(0.5, 0) == 0);
}

TEST_CASE("magnitude scores a weight by its size, and both zeros alike") {
  const std::vector<float> weights{-2.0F, 0.5F, -0.0F, 0.0F};
  std::vector<float> scores(4);
  prune::Magnitude().score(weights, scores);
  CHECK(scores == std::vector{2.0F, 0.5F, 0.0F, 0.0F});
  CHECK_FALSE(std::signbit(scores[2]));
}

TEST_CASE("a cut tells where the lowest scores end") {
  const std::vector<float> scores{3, 1, 2, 1, 5, 1};
  CHECK(prune::find_cut(scores, 0) == Cut{0, 0});
  CHECK(prune::find_cut(scores, 2) == Cut{1, 2});
  CHECK(prune::find_cut(scores, 4) == Cut{2, 1});
  CHECK(prune::find_cut(scores, 6) == Cut{5, 1});
  CHECK_THROWS_AS(prune::find_cut(scores, 7), InternalError);
}

TEST_CASE("of equal scores those that come first are taken, across parts") {
  const std::vector<std::vector<float>> parts{{3, 1, 2}, {}, {1, 5, 1}};
  Cut cut = cut_of_parts(parts, 2);
  CHECK(cut == Cut{1, 2});
  CHECK(prune::take_lowest(parts[0], cut) == Mask{0, 1, 0});
  CHECK(prune::take_lowest(parts[1], cut).empty());
  CHECK(prune::take_lowest(parts[2], cut) == Mask{1, 0, 0});
  CHECK(cut.ties == 0);
  CHECK_THROWS_AS(cut_of_parts(parts, 7), InternalError);
}

TEST_CASE("both ways to find a cut agree") {
  std::vector<float> scores = test::seeded_weights(5000);
  for (float& score : scores) score = std::fabs(score);
  scores[17] = 0;
  scores[18] = 1e-45F;
  scores[19] = 3e38F;
  for (std::size_t i = 100; i < 900; ++i) scores[i] = scores[100];
  const std::vector<std::vector<float>> parts{{scores.begin(), scores.begin() + 1234},
                                              {scores.begin() + 1234, scores.end()}};
  for (const std::uint64_t lowest : {0U, 1U, 2U, 3U, 500U, 1300U, 2500U, 4999U, 5000U}) {
    const Cut cut = prune::find_cut(scores, lowest);
    CHECK(cut == cut_of_parts(parts, lowest));
    Cut used = cut;
    CHECK(marked(prune::take_lowest(scores, used)) == lowest);
  }
}

TEST_CASE("slices are ranked by themselves, along any axis") {
  //               axis 0: {4,1,3} {2,6,5}      axis 1: {4,2} {1,6} {3,5}
  const std::vector<float> scores{4, 1, 3, 2, 6, 5};
  CHECK(prune::take_lowest_of_each_slice(scores, ir::view_along({2, 3}, 0), 0.67) == Mask{0, 1, 1, 1, 0, 1});
  CHECK(prune::take_lowest_of_each_slice(scores, ir::view_along({2, 3}, 1), 0.5) == Mask{0, 1, 1, 1, 0, 0});
  // The middle axis of [2,2,2]: slices {0,1,4,5} and {2,3,6,7}.
  const std::vector<float> cube{8, 7, 1, 2, 6, 5, 4, 3};
  CHECK(prune::take_lowest_of_each_slice(cube, ir::view_along({2, 2, 2}, 1), 0.25) ==
        Mask{0, 0, 1, 0, 0, 1, 0, 0});
}

TEST_CASE("arrays without elements have empty masks, however long their other axes") {
  const std::vector<float> none;
  CHECK(prune::take_lowest_of_each_slice(none, {.outer = 1, .dim = std::size_t{1} << 60U, .inner = 0}, 0.5)
            .empty());
  Cut cut = prune::find_cut(none, 0);
  CHECK(prune::take_lowest(none, cut).empty());
}
