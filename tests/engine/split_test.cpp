#include "engine/split.h"

#include "tests/support/catch.h"

namespace pith::engine {
namespace {

TEST_CASE("split: equal seeds draw equal samples on every system, spread over the set") {
  const auto drawn = positions_of({.share = 0.5, .seed = 1}, 10);
  REQUIRE(drawn);
  CHECK(*drawn == std::vector<std::uint64_t>{0, 2, 3, 5, 6});
  const auto many = positions_of({.share = 0.5}, 10000);
  REQUIRE(many);
  CHECK(many->size() == 5000);
  for (std::uint64_t part = 0; part < 10; ++part) {
    // Neither a stretch of the set nor a residue is drawn by preference: 500 +- 5 standard deviations of 16.
    const auto stretch = std::ranges::count_if(*many, [&](auto i) { return i / 1000 == part; });
    const auto residue = std::ranges::count_if(*many, [&](auto i) { return i % 10 == part; });
    CHECK(std::abs(stretch - 500) < 80);
    CHECK(std::abs(residue - 500) < 80);
  }
}

TEST_CASE("split: what is drawn and what is left is a multiple of the unit") {
  const auto drawn = positions_of({.share = 0.3}, 64, 16);
  REQUIRE(drawn);
  CHECK(drawn->size() == 16);
  const auto left = positions_of({.share = 0.3, .drawn = false}, 64, 16);
  REQUIRE(left);
  CHECK(left->size() == 48);
}

TEST_CASE("split: a share that leaves a part empty is refused") {
  for (const auto& [share, samples] : {std::pair{0.01, 20}, std::pair{0.99, 20}, std::pair{0.5, 0}}) {
    const auto refused = positions_of({.share = share}, static_cast<std::uint64_t>(samples));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code() == ErrorCode::data);
  }
}

TEST_CASE("split: rows are copied in the order of their positions") {
  const ir::Tensor table = ir::Tensor::of<float>({3, 2}, {1, 2, 3, 4, 5, 6});
  const std::vector<std::uint64_t> positions{0, 2};
  const ir::Tensor rows = rows_at(table, positions);
  CHECK(rows.shape() == ir::Shape{2, 2});
  CHECK(std::ranges::equal(rows.as<float>(), std::vector<float>{1, 2, 5, 6}));
}

}  // namespace
}  // namespace pith::engine
