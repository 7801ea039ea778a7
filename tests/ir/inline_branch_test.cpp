#include "ir/print.h"
#include "ir/rewriter.h"
#include "ir/verify.h"
#include "tests/ir/small_graph.h"
#include "tests/support/catch.h"

namespace pith::ir {
namespace {

std::string violation(const Model& model) {
  const auto verified = verify(model);
  return verified ? "" : verified.error().message();
}

TEST_CASE("a branch runs in its owner's place") {
  IfModel sample;
  Rewriter(sample.model).inline_branch(sample.model.graph().producer(sample.y), sample.then_id);
  CHECK(print(sample.model) == "t = Exp(x)\ny = Relu(t)\n");
  CHECK(violation(sample.model).empty());
  CHECK(sample.model.graphs().size() == 1);
  CHECK(sample.model.graph().value(sample.condition).readers.empty());
}

TEST_CASE("a branch that returns what it captured leaves an identity for a graph output") {
  IfModel sample;
  Rewriter(sample.model).inline_branch(sample.model.graph().producer(sample.y), sample.else_id);
  CHECK(print(sample.model) == "t = Exp(x)\ny = Identity(t)\n");
  CHECK(violation(sample.model).empty());
}

TEST_CASE("a branch of another node is not inlined") {
  IfModel sample;
  CHECK_THROWS_AS(
      Rewriter(sample.model).inline_branch(sample.model.graph().producer(sample.t), sample.then_id),
      InternalError);
}

TEST_CASE("a graph captures a value once, and its owner reads it") {
  IfModel sample;
  Rewriter inner(sample.model, sample.then_id);
  CHECK(inner.capture(sample.t) == sample.then_t);
  const ValueId x = inner.capture(sample.x);
  CHECK(inner.capture(sample.x) == x);
  inner.set_input(sample.model.graph(sample.then_id).producer(sample.r), 0, x);
  CHECK(violation(sample.model).empty());
  CHECK_THROWS_AS(static_cast<void>(Rewriter(sample.model).capture(sample.x)), InternalError);
}

TEST_CASE("a node becomes another operator, with sorted attributes") {
  Model model;
  SmallGraph net(model);
  const ValueId y = net.node("MatMul", {net.input("a"), net.input("b")}, "y");
  net.output(y);
  const std::uint64_t edits = model.edits();
  Rewriter(model).set_operator(net.producer(y), "Gemm", {{"transB", std::int64_t{1}}, {"alpha", 2.0F}});
  CHECK(print(model) == "y = Gemm(a, b) {alpha=2 transB=1}\n");
  CHECK(violation(model).empty());
  CHECK(model.edits() == edits + 1);
  IfModel sample;
  CHECK_THROWS_AS(Rewriter(sample.model).set_operator(sample.model.graph().producer(sample.y), "Neg", {}),
                  InternalError);
}

TEST_CASE("an output that nothing reads is dropped") {
  Model model;
  SmallGraph net(model);
  const ValueId x = net.input("x");
  const ValueId y = net.value("y");
  const ValueId a = net.value("a");
  const ValueId b = net.value("b");
  const NodeId node = net.append("LayerNormalization", {x}, {y, a, b});
  net.output(y);
  Rewriter edit(model);
  CHECK_THROWS_AS(edit.drop_output(node, 0), InternalError);
  edit.drop_output(node, 1);
  CHECK(print(model) == "y, , b = LayerNormalization(x)\n");
  edit.drop_output(node, 2);
  CHECK(print(model) == "y = LayerNormalization(x)\n");
  CHECK(violation(model).empty());
  CHECK_THROWS_AS(edit.drop_output(node, 1), InternalError);
}

}  // namespace
}  // namespace pith::ir
