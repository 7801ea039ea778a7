#include "passes/remove_dead_values.h"

#include "ir/print.h"
#include "tests/support/catch.h"
#include "tests/support/pass_test.h"

namespace pith::test {
namespace {

using passes::RemoveDeadValues;
using Reasons = std::vector<std::string>;

TEST_CASE("remove-dead-values removes what leads to no output, down to the constants") {
  const auto run = run_pass<RemoveDeadValues>(R"(
    net (float[2] x, float[2] unused) => (float[2] y)
    <float[2] w = {1, 2}, float[2] v = {3, 4}, float[2] lonely = {5, 6}>
    {
      a = Add(x, v)
      y = Mul(x, w)
      b = Exp(a)
      c = Add(b, a)
    })");
  CHECK(run.changes == 5);
  CHECK(ir::print(run.after) == "y = Mul(x, w[2])\n");
  CHECK(run.after.graph().inputs().size() == 2);
  CHECK(run.after.graph().values().size() == 4);
  CHECK(run_pass<RemoveDeadValues>(run.after).changes == 0);
  CHECK(largest_difference(run.before, run.after) == 0);
}

TEST_CASE("remove-dead-values counts nodes and constants apart") {
  ir::Model model = parse_model(R"(
    net (float[2] x) => (float[2] y) <float[2] w = {1, 2}> { y = Relu(x) a = Exp(x) b = Add(x, w) })");
  passes::PassContext context;
  const auto outcome = RemoveDeadValues().run(model, context);
  REQUIRE(outcome);
  CHECK(outcome->statistics == std::vector<std::pair<std::string, double>>{{"nodes", 2}, {"constants", 1}});
}

TEST_CASE("remove-dead-values keeps unused optional outputs and inputs with defaults") {
  const auto run = run_pass<RemoveDeadValues>(R"(
    net (float[4] x, float[2] w = {1, 2}) => (float[2] values)
    <int64[1] k = {2}>
    { values, indices = TopK(x, k) })");
  CHECK(run.changes == 0);
  CHECK(run.skipped.empty());
}

TEST_CASE("remove-dead-values keeps a constant that is a graph output") {
  const auto run = run_pass<RemoveDeadValues>(R"(
    net (float[2] x) => (float[2] y, float[2] w) <float[2] w = {1, 2}> { y = Relu(x) })");
  CHECK(run.changes == 0);
}

TEST_CASE("remove-dead-values keeps operators of unknown domains, and what they read") {
  const auto run = run_pass<RemoveDeadValues>(R"(
    <ir_version: 8, opset_import: ["" : 17, "other" : 1]>
    net (float[2] x) => (float[2] y)
    {
      y = Relu(x)
      a = Exp(x)
      b = other.Log(a)
    })");
  CHECK(run.changes == 0);
  CHECK(run.skipped == Reasons{"node Log of 'b': nothing reads its result, but an operator of an unknown "
                               "domain may have effects"});
}

TEST_CASE("remove-dead-values keeps a node with such an operator in a subgraph") {
  const auto run = run_pass<RemoveDeadValues>(R"(
    <ir_version: 8, opset_import: ["" : 17, "other" : 1]>
    net (bool condition, float[2] x) => (float[2] y)
    {
      y = Relu(x)
      z = If(condition) <
        then_branch = g1 () => (float[2] a) { a = other.Log(x) },
        else_branch = g2 () => (float[2] b) { b = Neg(x) }
      >
    })");
  CHECK(run.changes == 0);
  CHECK(run.skipped == Reasons{"node If of 'z': nothing reads its result, but an operator of an unknown "
                               "domain may have effects"});
}

TEST_CASE("remove-dead-values removes a dead node with its subgraphs and what only they captured") {
  const auto run = run_pass<RemoveDeadValues>(R"(
    net (bool condition, float[2] x) => (float[2] y)
    {
      y = Relu(x)
      t = Exp(x)
      z = If(condition) <
        then_branch = g1 () => (float[2] a) { a = Log(t) },
        else_branch = g2 () => (float[2] b) { b = Neg(t) }
      >
    })");
  CHECK(run.changes == 2);
  CHECK(ir::print(run.after) == "y = Relu(x)\n");
  CHECK(run.after.graphs().size() == 1);
  CHECK(largest_difference(run.before, run.after) == 0);
}

TEST_CASE("remove-dead-values cleans subgraphs, and then what only their dead nodes captured") {
  const auto run = run_pass<RemoveDeadValues>(R"(
    net (bool condition, float[2] x) => (float[2] y)
    <float[2] w = {1, 2}>
    {
      t = Add(x, w)
      y = If(condition) <
        then_branch = g1 () => (float[2] a) { dead = Log(t) deader = Neg(dead) a = Exp(x) },
        else_branch = g2 () => (float[2] b) { b = Neg(x) }
      >
    })");
  CHECK(run.changes == 4);
  const std::string after = ir::print(run.after);
  CHECK(after.find("dead") == std::string::npos);
  CHECK(after.find("Add") == std::string::npos);
  CHECK(run_pass<RemoveDeadValues>(run.after).changes == 0);
  CHECK(largest_difference(run.before, run.after) == 0);
}

}  // namespace
}  // namespace pith::test
