#include "engine/difference.h"

#include <cmath>
#include <limits>

#include "tests/support/catch.h"

namespace pith::engine {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

ir::Tensor floats(std::vector<float> values) {
  const auto count = static_cast<std::int64_t>(values.size());
  return ir::Tensor::of({count}, std::move(values));
}

Difference between(const std::vector<float>& x, const std::vector<float>& y) {
  const auto found = difference(floats(x), floats(y));
  REQUIRE(found);
  return *found;
}

TEST_CASE("difference: by hand") {
  // Signal 9 + 16, noise 1: 10 log10 25 dB; 1 of at most 4.
  const Difference d = between({3, -4}, {3, -5});
  CHECK_FALSE(d.equal);
  CHECK(d.elements == 2);
  CHECK(d.max_abs == 1);
  CHECK(d.relative() == 0.25);
  REQUIRE(d.sqnr_db());
  CHECK(std::abs(*d.sqnr_db() - 13.979400086720377) < 1e-12);
  const Difference same = between({3, -4}, {3, -4});
  CHECK(same.equal);
  CHECK(same.relative() == 0);
  CHECK_FALSE(same.sqnr_db());
  // Nothing to be relative to.
  CHECK(between({0, 0}, {0, 1}).relative() == std::numeric_limits<double>::infinity());
  CHECK_FALSE(between({0, 0}, {0, 1}).sqnr_db());
}

TEST_CASE("difference: zeros of either sign differ in their bits only") {
  const Difference d = between({0.0F}, {-0.0F});
  CHECK_FALSE(d.equal);
  CHECK(d.max_abs == 0);
  CHECK(d.relative() == 0);
}

TEST_CASE("difference: what is not finite") {
  CHECK(between({kNan, kInfinity, 2}, {kNan, kInfinity, 2}).max_abs == 0);
  CHECK(between({kNan, 2}, {1, 2}).relative() == std::numeric_limits<double>::infinity());
  CHECK(between({1, 2}, {1, kNan}).relative() == std::numeric_limits<double>::infinity());
  CHECK(between({kInfinity, 2}, {-kInfinity, 2}).max_abs == std::numeric_limits<double>::infinity());
  CHECK(between({kInfinity, 2}, {kInfinity, 1}).relative() == 0.5);
}

TEST_CASE("difference: across types, and across the pieces that it works in") {
  std::vector<float> x(10000, 1.0F);
  std::vector<double> y(10000, 1.0);
  y[9999] = 1.5;
  const auto found = difference(floats(x), ir::Tensor::of({10000}, y));
  REQUIRE(found);
  CHECK_FALSE(found->equal);
  CHECK(found->max_abs == 0.5);
  CHECK(found->noise == 0.25);
  CHECK(found->signal == 10000);
  CHECK_FALSE(difference(floats({1, 2}), floats({1})));
  CHECK_FALSE(difference(floats({1}), ir::Tensor::of_strings({1}, std::vector<std::string>{"1"})));
}

TEST_CASE("difference: of parts together") {
  Difference sum = between({3}, {3});
  sum.add(between({-4}, {-5}));
  const Difference whole = between({3, -4}, {3, -5});
  CHECK(sum.equal == whole.equal);
  CHECK(sum.elements == whole.elements);
  CHECK(sum.relative() == whole.relative());
  CHECK(sum.sqnr_db() == whole.sqnr_db());
}

}  // namespace
}  // namespace pith::engine
