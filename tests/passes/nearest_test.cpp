#include "passes/nearest.h"

#include <vector>

#include "tests/support/catch.h"

namespace pith::passes {
namespace {

const std::vector<std::string> kKnown{"bits", "scope", "sparsity"};

TEST_CASE("the nearest word is the one with the fewest typing mistakes") {
  CHECK(nearest("bits", kKnown) == "bits");
  CHECK(nearest("bist", kKnown) == "bits");
  CHECK(nearest("bit", kKnown) == "bits");
  CHECK(nearest("xbits", kKnown) == "bits");
  CHECK(nearest("sparcity", kKnown) == "sparsity");
  CHECK(nearest("scoop", kKnown) == "scope");
}

TEST_CASE("the first of equally near words wins") {
  CHECK(nearest("bat", std::vector<std::string>{"cat", "bar"}) == "cat");
  CHECK(nearest("bat", std::vector<std::string>{"bar", "cat"}) == "bar");
}

TEST_CASE("a word that is mostly wrong is near nothing") {
  CHECK(nearest("wxyz", kKnown).empty());
  CHECK(nearest("xy", kKnown).empty());
  // Two letters of four are wrong: near. Three are not.
  CHECK(nearest("bixx", kKnown) == "bits");
  CHECK(nearest("bxxx", kKnown).empty());
  CHECK(nearest("", kKnown).empty());
  CHECK(nearest("bits", {}).empty());
}

TEST_CASE("a suggestion names the nearest word, or all") {
  CHECK(suggestion("bist", kKnown) == "did you mean 'bits'?");
  CHECK(suggestion("wxyz", kKnown) == "known are: bits, scope, sparsity");
  CHECK(suggestion(std::string(100'000, 'b'), kKnown) == "known are: bits, scope, sparsity");
}

}  // namespace
}  // namespace pith::passes
