#include "loader/trellis.h"

#include <array>
#include <set>

#include "tests/support/catch.h"
#include "tests/support/trellis_values.h"

namespace pith::loader::trellis {
namespace {

TEST_CASE("trellis: every state has two successors and two predecessors, whose indices differ in parity") {
  std::array<int, kStates> entered{};
  for (std::uint8_t state = 0; state < kStates; ++state) {
    for (const std::int64_t index : {0, 1}) {
      const std::uint8_t next = next_state(state, index);
      REQUIRE(next < kStates);
      ++entered[next];
      CHECK(next_state(state, index + 2) == next);
      CHECK(next_state(state, -index) == next);
    }
    CHECK(next_state(state, 0) != next_state(state, 1));
  }
  for (const int times : entered) CHECK(times == 2);
}

TEST_CASE("trellis: zeros stay in state 0, and no other state is left by zeros alone towards it") {
  CHECK(next_state(0, 0) == 0);
  std::uint8_t state = 1;
  std::set<std::uint8_t> seen;
  while (seen.insert(state).second) state = next_state(state, 0);
  CHECK(seen.size() == kStates - 1);
  CHECK_FALSE(seen.contains(0));
}

TEST_CASE("trellis: paths that part at a state differ in two indices at least until they meet") {
  // Ungerboeck's code: parallel to every path of length 3 there is another one, and to none of length 2.
  for (std::uint8_t start = 0; start < kStates; ++start) {
    for (int a = 0; a < 4; ++a) {
      for (int b = 0; b < 4; ++b) {
        if ((a & 1) == (b & 1)) continue;
        CHECK(next_state(next_state(start, a & 1), a >> 1) != next_state(next_state(start, b & 1), b >> 1));
      }
    }
  }
}

TEST_CASE("trellis: the grids have the even integers, and zero with the odd ones") {
  for (std::int64_t index = -70; index <= 70; ++index) {
    for (const unsigned grid : {0U, 1U}) CHECK(index_of(value_of(index, grid), grid) == index);
    CHECK(value_of(index, 0) == 2 * index);
    CHECK(value_of(-index, 1) == -value_of(index, 1));
  }
  CHECK(value_of(1, 1) == 1);
  CHECK(value_of(2, 1) == 3);
  for (const std::int64_t odd : {-127, -1, 1, 127}) CHECK_FALSE(index_of(odd, 0).has_value());
  for (const std::int64_t even : {-128, -2, 2, 126}) CHECK_FALSE(index_of(even, 1).has_value());
  CHECK(index_of(0, 0) == 0);
  CHECK(index_of(0, 1) == 0);
}

TEST_CASE("trellis: paths run along their axis and start anew beyond it") {
  const CodeShape shape{.dims = {2, 3, 2}, .rank = 3};
  Paths paths(shape, {.axis = 1, .start = 1}, 12);
  std::array<std::uint8_t, 2> states{1, 1};
  for (int i = 0; i < 12; ++i) {
    if (i % 6 == 0) states = {1, 1};
    std::uint8_t& state = states[static_cast<std::size_t>(i % 2)];
    REQUIRE(paths.state() == state);
    state = next_state(state, i / 2);
    paths.advance(i / 2);
  }
}

TEST_CASE("trellis: dimensions that do not fit their elements take no more memory than those") {
  const CodeShape huge{.dims = {2, 1ULL << 40, 1ULL << 40}, .rank = 3};
  const CodeShape none{.dims = {3, 0, 0}, .rank = 3};
  for (const CodeShape& shape : {huge, none}) {
    for (std::uint8_t axis = 0; axis < 3; ++axis) {
      Paths paths(shape, {.axis = axis, .start = 0}, 16);
      for (int i = 0; i < 40; ++i) paths.advance(i);
      CHECK(paths.state() < kStates);
    }
  }
}

}  // namespace
}  // namespace pith::loader::trellis
