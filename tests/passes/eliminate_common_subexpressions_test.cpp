#include "passes/eliminate_common_subexpressions.h"

#include "ir/print.h"
#include "tests/support/catch.h"
#include "tests/support/pass_test.h"

namespace pith::test {
namespace {

using passes::EliminateCommonSubexpressions;
using Reasons = std::vector<std::string>;

std::string settled(const PassRun& run) {
  CHECK(run_pass<EliminateCommonSubexpressions>(run.after).changes == 0);
  CHECK(largest_difference(run.before, run.after) == 0);
  return ir::print(run.after);
}

TEST_CASE("eliminate-common-subexpressions merges chains") {
  const auto run = run_pass<EliminateCommonSubexpressions>(R"(
    net (float[2,2] x) => (float[2,2] y)
    {
      a = Relu(x)
      b = Relu(x)
      c = Softmax<axis = 1>(a)
      d = Softmax<axis = 1>(b)
      y = Add(c, d)
    })");
  CHECK(run.changes == 2);
  CHECK(run.skipped.empty());
  CHECK(settled(run) == "a = Relu(x)\nc = Softmax(a) {axis=1}\ny = Add(c, c)\n");
}

TEST_CASE("eliminate-common-subexpressions lets the first make a graph output") {
  const auto run = run_pass<EliminateCommonSubexpressions>(R"(
    net (float[2,2] x) => (float[2,2] y, float[2,2] z)
    {
      a = Relu(x)
      z = Neg(a)
      y = Relu(x)
    })");
  CHECK(run.changes == 1);
  CHECK(settled(run) == "y = Relu(x)\nz = Neg(y)\n");
}

TEST_CASE("eliminate-common-subexpressions merges nodes with several results") {
  const auto run = run_pass<EliminateCommonSubexpressions>(R"(
    net (float[2,2] x) => (float[1,2] y)
    {
      a, b = Split<axis = 0>(x)
      c, d = Split<axis = 0>(x)
      y = Sub(a, d)
    })");
  CHECK(run.changes == 1);
  CHECK(settled(run) == "a, b = Split(x) {axis=0}\ny = Sub(a, b)\n");
}

TEST_CASE("eliminate-common-subexpressions uses what the graph around a subgraph computes") {
  const auto run = run_pass<EliminateCommonSubexpressions>(R"(
    net (float[2] x, bool c) => (float[2] y, float[2] z)
    {
      a = Relu(x)
      y = If(c) <
        then_branch = g1 () => (float[2] o) { b = Relu(x) d = Exp(b) o = Neg(d) },
        else_branch = g2 () => (float[2] p) { e = Exp(x) p = Neg(e) }
      >
      f = Exp(x)
      z = Add(f, a)
    })");
  // Exp of the else branch is not there for the graph around it, nor before it.
  CHECK(run.changes == 1);
  const std::string text = settled(run);
  CHECK(text.find("d = Exp(a)") != std::string::npos);
  CHECK(text.find("e = Exp(x)") != std::string::npos);
}

TEST_CASE("eliminate-common-subexpressions tells computations apart") {
  const auto run = run_pass<EliminateCommonSubexpressions>(R"(
    net (float[2,2] x) => (float[2,2] y)
    <float[1] zero = {0}>
    {
      a = LeakyRelu<alpha = 0.1>(x)
      b = LeakyRelu<alpha = 0.2>(x)
      c = Sub(x, a)
      d = Sub(a, x)
      e = ReduceSum(x)
      f = ReduceSum<keepdims = 0>(x)
      g = Softmax<axis = 0>(x)
      h = Softmax<axis = 1>(x)
      y = Sum(a, b, c, d, e, f, g, h)
    })");
  CHECK(run.changes == 0);
  CHECK(run.skipped.empty());
}

TEST_CASE("eliminate-common-subexpressions leaves what is random, has a state or is unknown") {
  const auto run = run_pass<EliminateCommonSubexpressions>(R"(
    <ir_version: 8, opset_import: ["" : 17, "com.example" : 1]>
    net (float[2] x) => (float[2] y)
    {
      a = RandomNormalLike(x)
      b = RandomNormalLike(x)
      c = Dropout(x)
      d = Dropout(x)
      e = com.example.Counter(x)
      f = com.example.Counter(x)
      y = Sum(a, b, c, d, e, f)
    })");
  CHECK(run.changes == 0);
}

TEST_CASE("eliminate-common-subexpressions declines with a reason") {
  SECTION("two graph outputs") {
    const auto run = run_pass<EliminateCommonSubexpressions>(
        "net (float[2] x) => (float[2] y, float[2] z) { y = Relu(x) z = Relu(x) }");
    CHECK(run.changes == 0);
    CHECK(run.skipped ==
          Reasons{"node Relu of 'z': it computes what another node does, but the results of both "
                  "are graph outputs"});
  }
  SECTION("a result that a subgraph returns") {
    const auto run = run_pass<EliminateCommonSubexpressions>(R"(
      net (float[2] x, bool c) => (float[2] y, float[2] z)
      {
        z = Relu(x)
        y = If(c) <
          then_branch = g1 () => (float[2] o) { o = Relu(x) },
          else_branch = g2 () => (float[2] p) { p = Neg(x) }
        >
      })");
    CHECK(run.changes == 0);
    CHECK(run.skipped ==
          Reasons{"node Relu of 'o': it computes what another node does, but a subgraph returns its result"});
  }
  SECTION("one of several results that is a graph output") {
    const auto run = run_pass<EliminateCommonSubexpressions>(R"(
      net (float[2,2] x) => (float[1,2] y, float[1,2] z)
      { a, b = Split<axis = 0>(x) y, d = Split<axis = 0>(x) z = Add(a, d) })");
    CHECK(run.changes == 0);
    CHECK(run.skipped ==
          Reasons{"node Split of 'y': it computes what another node does, but one of its results "
                  "is a graph output"});
  }
}

}  // namespace
}  // namespace pith::test
