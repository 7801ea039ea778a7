#include "engine/shape_fit.h"

#include "tests/support/catch.h"

namespace pith::engine {
namespace {

std::optional<ir::Shape> fit(const ir::Shape& array, const ir::Shape& wanted) {
  return fit_shape(array, wanted);
}

TEST_CASE("shape fit: equal, and free dimensions") {
  CHECK(fit({3, 4}, {3, 4}) == ir::Shape{3, 4});
  CHECK(fit({3, 4}, {-1, 4}) == ir::Shape{3, 4});
  CHECK(fit({}, {}) == ir::Shape{});
  CHECK_FALSE(fit({3, 4}, {4, 3}));
  CHECK_FALSE(fit({3, 4}, {-1, 5}));
}

TEST_CASE("shape fit: dimensions of size 1 come and go") {
  CHECK(fit({28, 28}, {1, 28, 28}) == ir::Shape{1, 28, 28});
  CHECK(fit({1, 28, 28}, {28, 28}) == ir::Shape{28, 28});
  CHECK(fit({28, 28, 1}, {1, 28, 28}) == ir::Shape{1, 28, 28});
  CHECK(fit({28, 28}, {1, -1, -1}) == ir::Shape{1, 28, 28});
  CHECK(fit({576}, {-1, 576}) == ir::Shape{1, 576});
  CHECK(fit({}, {1}) == ir::Shape{1});
  CHECK(fit({1}, {}) == ir::Shape{});
  CHECK_FALSE(fit({2}, {}));
}

TEST_CASE("shape fit: flat and back, but no reordering") {
  CHECK(fit({28, 28}, {784}) == ir::Shape{784});
  CHECK(fit({28, 28}, {-1}) == ir::Shape{784});
  CHECK(fit({784}, {1, 28, 28}) == ir::Shape{1, 28, 28});
  CHECK_FALSE(fit({784}, {1, -1, 28}));
  CHECK_FALSE(fit({32, 32, 3}, {3, 32, 32}));
  CHECK_FALSE(fit({783}, {1, 28, 28}));
  CHECK_FALSE(fit({4}, {std::int64_t{1} << 62, std::int64_t{1} << 62}));
}

}  // namespace
}  // namespace pith::engine
