#include "passes/inline_constant_branches.h"

#include "ir/print.h"
#include "tests/support/catch.h"
#include "tests/support/pass_test.h"

namespace pith::test {
namespace {

using passes::InlineConstantBranches;
using Reasons = std::vector<std::string>;

std::string settled(const PassRun& run) {
  CHECK(run_pass<InlineConstantBranches>(run.after).changes == 0);
  CHECK(largest_difference(run.before, run.after) == 0);
  return ir::print(run.after);
}

std::string branches(const std::string& condition, const std::string& outputs = "float[2] y") {
  return "net (float[2] x) => (" + outputs + ") <bool c = {" + condition + R"(}>
    {
      t = Neg(x)
      y = If(c) <
        then_branch = g1 () => (float[2] a) <float[2] w = {1, 2}> { s = Add(t, w) a = Relu(s) },
        else_branch = g2 () => (float[2] b) { b = Exp(x) }
      >
    })";
}

TEST_CASE("inline-constant-branches takes the branch that the condition names") {
  const auto then = run_pass<InlineConstantBranches>(branches("1"));
  CHECK(then.changes == 1);
  CHECK(settled(then) == "t = Neg(x)\ns = Add(t, w[2])\ny = Relu(s)\n");
  const auto otherwise = run_pass<InlineConstantBranches>(branches("0"));
  CHECK(otherwise.changes == 1);
  CHECK(settled(otherwise) == "t = Neg(x)\ny = Exp(x)\n");
}

TEST_CASE("inline-constant-branches lets readers read the branch's result") {
  const auto run = run_pass<InlineConstantBranches>(R"(
    net (float[2] x) => (float[2] y) <bool c = {1}>
    {
      t, u = If(c) <
        then_branch = g1 () => (float[2] a, float[2] b) { a = Neg(x) b = Abs(a) },
        else_branch = g2 () => (float[2] d, float[2] e) { d = Exp(x) e = Neg(d) }
      >
      y = Add(t, u)
    })");
  CHECK(run.changes == 1);
  CHECK(settled(run) == "a = Neg(x)\nb = Abs(a)\ny = Add(a, b)\n");
}

TEST_CASE("inline-constant-branches keeps the names of graph outputs") {
  const auto run = run_pass<InlineConstantBranches>(R"(
    net (float[2] x) => (float[2] y, float[2] z, float[2] v) <bool c = {1}>
    {
      y, z, v = If(c) <
        then_branch = g1 () => (float[2] a, float[2] b, float[2] w) <float[2] k = {3, 4}>
          { a = Neg(x) b = Identity(a) w = Identity(k) },
        else_branch = g2 () => (float[2] d, float[2] e, float[2] f) { d = Exp(x) e = Neg(d) f = Neg(e) }
      >
    })");
  CHECK(run.changes == 1);
  CHECK(settled(run) == "y = Neg(x)\nz = Identity(y)\nv = Identity(k[2])\n");
}

TEST_CASE("inline-constant-branches goes into what it has inlined, and what that captures") {
  const auto run = run_pass<InlineConstantBranches>(R"(
    net (float[2] x, bool open) => (float[2] y) <bool c = {1}>
    {
      y = If(c) <
        then_branch = g1 () => (float[2] a) {
          t = Neg(x)
          u = If(c) <
            then_branch = g3 () => (float[2] m) { m = Abs(t) },
            else_branch = g4 () => (float[2] n) { n = Exp(t) }
          >
          a = If(open) <
            then_branch = g5 () => (float[2] o) { o = Add(t, u) },
            else_branch = g6 () => (float[2] p) { p = Sub(u, x) }
          >
        },
        else_branch = g2 () => (float[2] b) { b = Exp(x) }
      >
    })");
  CHECK(run.changes == 2);
  const std::string text = settled(run);
  CHECK(text.starts_with("t = Neg(x)\nm = Abs(t)\ny = If(open)"));
}

TEST_CASE("inline-constant-branches works in a subgraph") {
  const auto run = run_pass<InlineConstantBranches>(R"(
    net (float[2] x, bool open) => (float[2] y) <bool c = {0}>
    {
      y = If(open) <
        then_branch = g1 () => (float[2] a) {
          a = If(c) <
            then_branch = g3 () => (float[2] m) { m = Abs(x) },
            else_branch = g4 () => (float[2] n) { n = Exp(x) }
          >
        },
        else_branch = g2 () => (float[2] b) { b = Neg(x) }
      >
    })");
  CHECK(run.changes == 1);
  CHECK(settled(run).find("a = Exp(x)\n") != std::string::npos);
}

TEST_CASE("inline-constant-branches leaves an If that callers decide") {
  CHECK(run_pass<InlineConstantBranches>(R"(
    net (float[2] x, bool c) => (float[2] y)
    {
      y = If(c) <
        then_branch = g1 () => (float[2] a) { a = Neg(x) },
        else_branch = g2 () => (float[2] b) { b = Exp(x) }
      >
    })")
            .changes == 0);
  CHECK(run_pass<InlineConstantBranches>(R"(
    <ir_version: 8, opset_import: ["" : 17]>
    net (float[2] x, bool c = {1}) => (float[2] y)
    {
      y = If(c) <
        then_branch = g1 () => (float[2] a) { a = Neg(x) },
        else_branch = g2 () => (float[2] b) { b = Exp(x) }
      >
    })")
            .changes == 0);
}

TEST_CASE("inline-constant-branches declines a condition that is not one value") {
  const auto run = run_pass<InlineConstantBranches>(R"(
    net (float[2] x) => (float[2] y) <bool[2] c = {1, 1}>
    {
      y = If(c) <
        then_branch = g1 () => (float[2] a) { a = Neg(x) },
        else_branch = g2 () => (float[2] b) { b = Exp(x) }
      >
    })");
  CHECK(run.changes == 0);
  CHECK(run.skipped == Reasons{"node If of 'y': its condition does not hold one value"});
}

}  // namespace
}  // namespace pith::test
