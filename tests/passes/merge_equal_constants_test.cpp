#include "passes/merge_equal_constants.h"

#include "ir/print.h"
#include "tests/ir/small_graph.h"
#include "tests/support/catch.h"
#include "tests/support/pass_test.h"

namespace pith::test {
namespace {

using passes::MergeEqualConstants;
using Reasons = std::vector<std::string>;

TEST_CASE("merge-equal-constants keeps the first of equal constants") {
  const auto run = run_pass<MergeEqualConstants>(R"(
    net (float[2] x) => (float[2] y)
    <float[2] a = {1, 2}, float[2] b = {3, 2}, float[2] c = {1, 2}, float[2] d = {1, 2}>
    {
      t = Add(x, d)
      u = Mul(t, c)
      v = Sub(u, b)
      y = Add(v, a)
    })");
  CHECK(run.changes == 2);
  CHECK(run.skipped.empty());
  CHECK(ir::print(run.after) == "t = Add(x, a[2])\nu = Mul(t, a[2])\nv = Sub(u, b[2])\ny = Add(v, a[2])\n");
  CHECK(run_pass<MergeEqualConstants>(run.after).changes == 0);
  CHECK(largest_difference(run.before, run.after) == 0);
}

TEST_CASE("merge-equal-constants counts the bytes of what it removed") {
  ir::Model model = parse_model(R"(
    net (float[2] x) => (float[2] y) <float[2] a = {1, 2}, float[2] b = {1, 2}> { t = Add(x, a) y = Add(t, b) })");
  passes::PassContext context;
  const auto outcome = MergeEqualConstants().run(model, context);
  REQUIRE(outcome);
  CHECK(outcome->statistics == std::vector<std::pair<std::string, double>>{{"bytes", 8}});
}

TEST_CASE("merge-equal-constants compares type, shape and bits") {
  const auto run = run_pass<MergeEqualConstants>(R"(
    net (float[2] x, int32[2] i) => (float[2] y, int32[2] j)
    <float[1] zero = {0}, float[1] minus = {-0.0}, int32[1] whole = {0}, float[1,1] wide = {0}, float flat = {0}>
    {
      s = Add(x, zero)
      t = Add(s, minus)
      u = Mul(t, wide)
      v = Add(u, flat)
      y = Relu(v)
      j = Add(i, whole)
    })");
  CHECK(run.changes == 0);
  CHECK(run.skipped.empty());
}

TEST_CASE("merge-equal-constants leaves graph inputs and graph outputs alone") {
  const auto run = run_pass<MergeEqualConstants>(R"(
    net (float[2] x, float[2] given = {1, 2}) => (float[2] y, float[2] taken)
    <float[2] plain = {1, 2}, float[2] taken = {1, 2}>
    {
      t = Add(x, given)
      u = Add(t, taken)
      y = Add(u, plain)
    })");
  CHECK(run.changes == 0);
  const Reasons reasons{"tensor 'given': equals 'plain', but is a graph input that a caller may override",
                        "tensor 'taken': equals 'plain', but is a graph output"};
  CHECK(Reasons(run.skipped) == reasons);
}

TEST_CASE("merge-equal-constants replaces what subgraphs capture, and what they hold themselves") {
  const auto run = run_pass<MergeEqualConstants>(R"(
    net (bool condition, float[2] x) => (float[2] y)
    <float[2] a = {1, 2}, float[2] b = {1, 2}>
    {
      t = Add(x, a)
      y = If(condition) <
        then_branch = g1 () => (float[2] r) <float[2] c = {1, 2}, float[2] d = {1, 2}>
          { p = Mul(t, b) q = Mul(p, c) r = Sub(q, d) },
        else_branch = g2 () => (float[2] s) { s = Mul(t, b) }
      >
    })");
  CHECK(run.changes == 3);
  const std::string text = ir::print(run.after);
  // The subgraph's name for what it captures is still 'b'.
  CHECK(text.find("q = Mul(p, b)") != std::string::npos);
  CHECK(text.find("r = Sub(q, b)") != std::string::npos);
  CHECK(run_pass<MergeEqualConstants>(run.after).changes == 0);
  CHECK(largest_difference(run.before, run.after) == 0);
}

TEST_CASE("merge-equal-constants moves what branches share to the graph around them") {
  const auto run = run_pass<MergeEqualConstants>(R"(
    net (bool condition, float[2] x) => (float[2] y)
    {
      y = If(condition) <
        then_branch = g1 () => (float[2] r) {
          r = If(condition) <
            then_branch = g3 () => (float[2] m) <float[2] c = {1, 2}> { m = Mul(x, c) },
            else_branch = g4 () => (float[2] n) { n = Neg(x) }
          >
        },
        else_branch = g2 () => (float[2] s) <float[2] d = {1, 2}> { s = Add(x, d) }
      >
    })");
  CHECK(run.changes == 1);
  const std::string text = ir::print(run.after);
  CHECK(text.find("m = Mul(x, c)") != std::string::npos);
  CHECK(text.find("s = Add(x, c)") != std::string::npos);
  CHECK(run_pass<MergeEqualConstants>(run.after).changes == 0);
  CHECK(largest_difference(run.before, run.after) == 0);
}

TEST_CASE("merge-equal-constants leaves what a subgraph returns") {
  const auto run = run_pass<MergeEqualConstants>(R"(
    net (bool condition, float[2] x) => (float[2] y, float[2] z)
    <float[2] a = {1, 2}>
    {
      z = Add(x, a)
      y = If(condition) <
        then_branch = g1 () => (float[2] r) { r = Constant<value = float[2] {1, 2}>() },
        else_branch = g2 () => (float[2] s) { s = Neg(x) }
      >
    })");
  CHECK(run.changes == 0);
  CHECK(Reasons(run.skipped) == Reasons{"tensor 'r': equals 'a', but is a graph output"});
}

TEST_CASE("merge-equal-constants compares every form by what it stores") {
  ir::Constant sparse;
  sparse.dtype = ir::DType::float32;
  sparse.shape = {2};
  sparse.form = ir::Sparse{ir::Tensor::of<std::int64_t>({1}, {1}), ir::Tensor::of<float>({1}, {5})};
  ir::Constant affine = sparse;
  affine.form = ir::Affine{.codes = ir::Tensor::of<std::int8_t>({2}, {0, 5}),
                           .scales = ir::Tensor::of<float>({}, {1}),
                           .zero_points = {},
                           .axis = 0,
                           .block = 0,
                           .bits = 8};
  ir::Constant codebook = sparse;
  codebook.form = ir::Codebook{.centroids = ir::Tensor::of<float>({1, 2}, {0, 5}),
                               .indices = ir::Tensor::of<std::uint8_t>({2}, {0, 1}),
                               .axis = std::nullopt,
                               .bits = 8};
  const ir::Constant dense = ir::Constant::dense(ir::Tensor::of<float>({2}, {0, 5}));

  // The same codes and scales, but other values.
  ir::Constant shifted = affine;
  std::get<ir::Affine>(shifted.form).zero_points = {1};

  // Twice each: of equal forms the first stays.
  ir::Model model;
  ir::SmallGraph net(model);
  ir::ValueId last = net.input("x");
  const std::vector<std::pair<std::string, ir::Constant>> forms{
      {"dense", dense}, {"sparse", sparse}, {"affine", affine}, {"codebook", codebook}, {"shifted", shifted}};
  for (const char* round : {"_1", "_2"}) {
    for (const auto& [name, constant] : forms)
      last = net.node("Add", {last, net.constant(name + round, constant)}, "after_" + name + round);
  }
  net.output(last);
  const auto run = run_pass<MergeEqualConstants>(model);
  CHECK(run.changes == 5);
  CHECK(ir::print(run.after).find("_2[2]") == std::string::npos);
}

}  // namespace
}  // namespace pith::test
