#include "engine/divergence.h"

#include <cmath>
#include <limits>

#include "tests/support/catch.h"

namespace pith::engine {
namespace {

ir::Tensor scores(std::vector<float> values, ir::Shape shape = {2, 2}) {
  return ir::Tensor::of(std::move(shape), std::move(values));
}

TEST_CASE("divergence: scores by Kullback and Leibler, the mean over samples") {
  const ir::Tensor a = scores({0, 0, 1, 1});
  CHECK(*divergence(a, a) == 0);
  CHECK(*divergence(a, scores({5, 5, -3, -3})) < 1e-12);  // the same chances
  const double one = std::log(0.5) - std::log(0.25);      // chances 1/2, 1/2 against 1/4, 3/4
  const double other = std::log(0.5) - std::log(0.75);
  const float third = std::log(3.0F);
  CHECK(std::abs(*divergence(a, scores({0, third, 1, 1})) - (one + other) / 4) < 1e-6);
}

TEST_CASE("divergence: rows that are probabilities are taken as such, also with zeros") {
  const double kl = 0.5 * (std::log(0.5 / 0.25) + std::log(0.5 / 0.75));
  CHECK(std::abs(*divergence(scores({0.5F, 0.5F, 1, 0}), scores({0.25F, 0.75F, 1, 0})) - kl / 2) < 1e-6);
}

TEST_CASE("divergence: anything else by its squared error") {
  CHECK(*divergence(scores({1, 2, 3, 4}, {1, 2, 2}), scores({1, 2, 3, 5}, {1, 2, 2})) == 1.0 / 30);
  CHECK(*divergence(scores({3}, {1}), scores({0}, {1})) == 1);
}

TEST_CASE("divergence: refuses other shapes, other types and what is not finite") {
  const ir::Tensor a = scores({1, 2, 3, 4});
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (const ir::Tensor& b :
       {scores({1, 2}, {1, 2}), scores({1, 2, 3, nan}), ir::Tensor::of<std::int64_t>({2, 2}, {1, 2, 3, 4})}) {
    const auto result = divergence(a, b);
    REQUIRE_FALSE(result);
    CHECK(result.error().code() == ErrorCode::model);
  }
}

}  // namespace
}  // namespace pith::engine
