#include "passes/fold/growth.h"
#include "tests/support/catch.h"

namespace pith::test {
namespace {

using passes::fold::Piece;
using Choice = std::vector<bool>;

Piece constant(std::uint64_t bytes, bool needed = false) {
  Piece piece;
  piece.bytes = bytes;
  piece.needed = needed;
  return piece;
}

Piece result(std::uint64_t bytes, std::size_t content, std::vector<std::size_t> inputs, bool needed) {
  Piece piece;
  piece.bytes = bytes;
  piece.node_bytes = 100;
  piece.is_result = true;
  piece.needed = needed;
  piece.content = content;
  piece.inputs = std::move(inputs);
  return piece;
}

Choice choose(const std::vector<Piece>& pieces, std::uint64_t free_bytes = 0) {
  return passes::fold::worth_folding(pieces, free_bytes);
}

TEST_CASE("a result that is no larger than what it frees is stored") {
  CHECK(choose({constant(10), result(10, 1, {0}, true)}) == Choice{false, true});
  CHECK(choose({constant(10), result(11, 1, {0}, true)}) == Choice{false, false});
  CHECK(choose({constant(10), result(11, 1, {0}, true)}, 11) == Choice{false, true});
}

TEST_CASE("a constant that something else needs frees nothing") {
  CHECK(choose({constant(10, true), result(10, 1, {0}, true)}) == Choice{false, false});
}

TEST_CASE("what is only computed on the way costs nothing") {
  CHECK(choose({constant(10), result(99, 1, {0}, false), result(10, 2, {1}, true)}) ==
        Choice{false, true, true});
}

TEST_CASE("results of one constant are taken together, the largest stays") {
  // Two halves of one constant replace it.
  CHECK(choose({constant(10), result(5, 1, {0}, true), result(5, 2, {0}, true)}) ==
        Choice{false, true, true});
  // A whole and a half do not; without the whole there is nothing to free either.
  CHECK(choose({constant(10), result(10, 1, {0}, true), result(5, 2, {0}, true)}) ==
        Choice{false, false, false});
}

TEST_CASE("a result that stays is read by its node's readers, and what it reads is stored") {
  // 0 -> 1 (small) -> 2 (large, needed): 2 stays, so 1 is stored, which frees 0.
  CHECK(choose({constant(10), result(8, 1, {0}, false), result(50, 2, {1}, true)}) ==
        Choice{false, true, false});
}

TEST_CASE("equal results are stored once") {
  CHECK(choose({constant(10), result(10, 1, {0}, true), result(10, 1, {0}, true)}) ==
        Choice{false, true, true});
}

TEST_CASE("groups that share only small constants are judged apart") {
  CHECK(choose({constant(4), constant(100), result(100, 2, {0, 1}, true), result(100, 3, {0}, true)}, 4) ==
        Choice{false, false, true, false});
}

TEST_CASE("what is free in itself is not where the file would grow by it") {
  std::vector<Piece> pieces{constant(10, true), result(50, 1, {0}, true)};
  CHECK(choose(pieces, 64) == Choice{false, true});  // the node took 100 bytes
  pieces[1].node_bytes = 49;
  CHECK(choose(pieces, 64) == Choice{false, false});
  pieces[1].node_bytes = 55;
  pieces[1].overhead = 5;
  CHECK(choose(pieces, 64) == Choice{false, true});
  pieces[1].overhead = 6;
  CHECK(choose(pieces, 64) == Choice{false, false});
}

}  // namespace
}  // namespace pith::test
