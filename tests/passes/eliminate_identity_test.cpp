#include "passes/eliminate_identity.h"

#include "ir/print.h"
#include "tests/support/catch.h"
#include "tests/support/pass_test.h"

namespace pith::test {
namespace {

using passes::EliminateIdentity;
using Reasons = std::vector<std::string>;

// Twice is once, and the numbers are the same bits; returns the model after.
std::string settled(const PassRun& run) {
  CHECK(run_pass<EliminateIdentity>(run.after).changes == 0);
  CHECK(largest_difference(run.before, run.after) == 0);
  return ir::print(run.after);
}

TEST_CASE("eliminate-identity lets the readers read what the identity read") {
  const auto run = run_pass<EliminateIdentity>(R"(
    net (float[2,3] x) => (float[2,3] y, float[2,3] z)
    {
      a = Identity(x)
      b = Identity(a)
      y = Relu(b)
      z = Add(a, b)
    })");
  CHECK(run.changes == 2);
  CHECK(run.skipped.empty());
  CHECK(settled(run) == "y = Relu(x)\nz = Add(x, x)\n");
}

TEST_CASE("eliminate-identity lets the producer make the graph output") {
  const auto run = run_pass<EliminateIdentity>(R"(
    net (float[2,3] x) => (float[2,3] y, float[2,3] z)
    {
      a = Relu(x)
      y = Identity(a)
      z = Neg(a)
    })");
  CHECK(run.changes == 1);
  CHECK(settled(run) == "y = Relu(x)\nz = Neg(y)\n");
}

TEST_CASE("eliminate-identity takes out a Concat of one and a Dropout at inference") {
  const auto run = run_pass<EliminateIdentity>(R"(
    net (float[2,3] x) => (float[2,3] y)
    <float ratio = {0.5}, bool no = {0}>
    {
      a = Concat<axis = 1>(x)
      b = Dropout(a)
      c, mask = Dropout(b, ratio)
      d = Dropout(c, ratio, no)
      y = Relu(d)
    })");
  CHECK(run.changes == 4);
  CHECK(settled(run) == "y = Relu(x)\n");
}

TEST_CASE("eliminate-identity keeps a Concat of two") {
  const auto run = run_pass<EliminateIdentity>(R"(
    net (float[2,3] x) => (float[2,6] y) { y = Concat<axis = 1>(x, x) })");
  CHECK(run.changes == 0);
  CHECK(run.skipped.empty());
}

TEST_CASE("eliminate-identity keeps an identity between a graph input and a graph output") {
  const auto run = run_pass<EliminateIdentity>("net (float[2] x) => (float[2] y) { y = Identity(x) }");
  CHECK(run.changes == 0);
  CHECK(run.skipped == Reasons{"node Identity of 'y': it passes a graph input on to a graph output"});
}

TEST_CASE("eliminate-identity keeps an identity between a constant and a graph output") {
  const auto run = run_pass<EliminateIdentity>(R"(
    net (float[2] x) => (float[2] y, float[2] z) <float[2] w = {1, 2}> { y = Identity(w) z = Relu(x) })");
  CHECK(run.changes == 0);
  CHECK(run.skipped == Reasons{"node Identity of 'y': it passes a constant on to a graph output"});
}

TEST_CASE("eliminate-identity keeps an identity between two graph outputs") {
  const auto run = run_pass<EliminateIdentity>(R"(
    net (float[2] x) => (float[2] y, float[2] z)
    {
      t = Relu(x)
      y = Identity(t)
      z = Identity(t)
    })");
  CHECK(run.changes == 1);
  CHECK(run.skipped == Reasons{"node Identity of 'z': both its input and its result are graph outputs"});
  CHECK(settled(run) == "y = Relu(x)\nz = Identity(y)\n");
}

TEST_CASE("eliminate-identity leaves what nothing reads to remove-dead-values") {
  const auto run = run_pass<EliminateIdentity>(R"(
    net (float[2] x) => (float[2] y) { y = Relu(x) t = Identity(x) })");
  CHECK(run.changes == 0);
  CHECK(run.skipped ==
        Reasons{"node Identity of 't': nothing reads its result; remove-dead-values removes it"});
}

TEST_CASE("eliminate-identity keeps a Dropout that may be training") {
  const auto run = run_pass<EliminateIdentity>(R"(
    net (float[2] x, bool training) => (float[2] y, float[2] z)
    <float ratio = {0.5}, bool yes = {1}>
    {
      a = Dropout(x, ratio, training)
      b = Dropout(x, ratio, yes)
      y = Relu(a)
      z = Relu(b)
    })");
  CHECK(run.changes == 0);
  CHECK(run.skipped == Reasons{"node Dropout of 'a': it may be in training mode",
                               "node Dropout of 'b': it may be in training mode"});
}

TEST_CASE("eliminate-identity keeps a Dropout of the oldest operator sets") {
  const auto run = run_pass<EliminateIdentity>(R"(
    <ir_version: 3, opset_import: ["" : 6]>
    net (float[2] x) => (float[2] y) { a = Dropout(x) y = Relu(a) })");
  CHECK(run.changes == 0);
  CHECK(run.skipped == Reasons{"node Dropout of 'a': before opset 7 a Dropout may be in training mode"});
}

TEST_CASE("eliminate-identity keeps a Dropout whose mask is used") {
  const auto run = run_pass<EliminateIdentity>(R"(
    net (float[2] x) => (float[2] y, bool[2] mask) { a, mask = Dropout(x) y = Relu(a) })");
  CHECK(run.changes == 0);
  CHECK(run.skipped == Reasons{"node Dropout of 'a': its mask is used"});
}

TEST_CASE("eliminate-identity keeps an Identity of another domain") {
  const auto run = run_pass<EliminateIdentity>(R"(
    <ir_version: 8, opset_import: ["" : 17, "other" : 1]>
    net (float[2] x) => (float[2] y) { a = other.Identity(x) y = Relu(a) })");
  CHECK(run.changes == 0);
}

TEST_CASE("eliminate-identity works in subgraphs, but keeps what returns a captured value") {
  const auto run = run_pass<EliminateIdentity>(R"(
    net (bool condition, float[2] x) => (float[2] y)
    {
      t = Neg(x)
      y = If(condition) <
        then_branch = g1 () => (float[2] a) { a = Identity(t) },
        else_branch = g2 () => (float[2] d) { b = Identity(t) c = Relu(b) d = Identity(c) }
      >
    })");
  CHECK(run.changes == 2);
  CHECK(run.skipped == Reasons{"node Identity of 'a': it passes a captured value on to a graph output"});
  const std::string after = settled(run);
  CHECK(after.find("  a = Identity(t)\n  -> a\n") != std::string::npos);
  CHECK(after.find("  d = Relu(t)\n  -> d\n") != std::string::npos);
}

TEST_CASE("eliminate-identity replaces what a subgraph captures") {
  const auto run = run_pass<EliminateIdentity>(R"(
    net (bool condition, float[2] x) => (float[2] y)
    {
      t = Identity(x)
      y = If(condition) <
        then_branch = g1 () => (float[2] a) { a = Relu(t) },
        else_branch = g2 () => (float[2] b) { b = Neg(t) }
      >
    })");
  CHECK(run.changes == 1);
  const auto text = settled(run);
  CHECK(text.find("Identity") == std::string::npos);
}

}  // namespace
}  // namespace pith::test
