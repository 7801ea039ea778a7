#include "codec/rate_model.h"

#include <cmath>

#include "tests/support/catch.h"

namespace pith::codec {
namespace {

TEST_CASE("rate model: frequent codes cost less, and chances of those that can occur add up to one") {
  const std::vector<std::uint64_t> counts{0, 0, 3, 90, 7, 0, 0, 0};
  const std::vector<float> bits = AdaptiveRate(CoderChoice::small).bits(counts);
  REQUIRE(bits.size() == counts.size());
  CHECK(bits[3] < bits[4]);
  CHECK(bits[4] < bits[2]);
  CHECK(bits[2] < bits[1]);
  CHECK(bits[6] > bits[5]);
  CHECK(bits[7] > bits[6]);
  double sum = 0;
  for (std::size_t i = 1; i <= 5; ++i) sum += std::exp2(-static_cast<double>(bits[i]));
  CHECK(std::abs(sum - 1) < 1e-6);
}

TEST_CASE("rate model: one code alone, at either end") {
  for (const std::size_t only : {std::size_t{0}, std::size_t{3}}) {
    std::vector<std::uint64_t> counts(4);
    counts[only] = 1000;
    CHECK(AdaptiveRate(CoderChoice::small).bits(counts)[only] < 0.01F);
  }
}

}  // namespace
}  // namespace pith::codec
