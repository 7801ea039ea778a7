#include "ir/rewriter.h"

#include "ir/print.h"
#include "ir/verify.h"
#include "tests/ir/small_graph.h"
#include "tests/support/catch.h"

namespace pith::ir {
namespace {

std::string violation(const Model& model) {
  const auto verified = verify(model);
  return verified ? "" : verified.error().message();
}

TEST_CASE("an input is set, extended and left out") {
  Model model;
  SmallGraph net(model);
  const ValueId x = net.input("x");
  const ValueId y = net.node("Conv", {x, x}, "y");
  net.output(y);
  Rewriter edit(model);
  const ValueId bias = edit.add_constant("bias", Tensor::of<float>({1}, {1}));

  edit.set_input(net.producer(y), 3, bias);
  CHECK(print(model) == "y = Conv(x, x, , bias[1])\n");
  CHECK(violation(model).empty());
  edit.set_input(net.producer(y), 1, kNoValue);
  CHECK(print(model) == "y = Conv(x, , , bias[1])\n");
  CHECK(net.graph().has_one_reader(x));
  edit.set_input(net.producer(y), 0, x);
  CHECK(net.graph().has_one_reader(x));
  CHECK(violation(model).empty());
}

TEST_CASE("every edit is counted, and nothing else") {
  Model model;
  SmallGraph net(model);
  const ValueId x = net.input("x");
  const ValueId c = net.constant("c", {1});
  const ValueId y = net.node("Add", {x, c}, "y");
  net.output(y);
  const std::uint64_t edits = model.edits();
  Rewriter edit(model);
  CHECK(model.edits() == edits);
  edit.replace_reads(x, x);
  CHECK(model.edits() == edits);
  edit.set_constant(c, Constant::dense(Tensor::of<float>({1}, {2})));
  CHECK(model.edits() == edits + 1);
  edit.set_encoding(c, {.streams = {{.coder = 1, .bytes = Buffer::own(std::string("c"))}}});
  CHECK(model.edits() == edits + 2);
}

TEST_CASE("a constant changes its values, not its type and shape, and loses its encoding") {
  Model model;
  SmallGraph net(model);
  const ValueId c = net.constant("c", {1, 2});
  Rewriter edit(model);
  edit.set_encoding(c, {.streams = {{.coder = 1, .bytes = Buffer::own(std::string("code"))}}});
  CHECK(net.graph().constant(c)->encoding.has_value());

  Constant changed = *net.graph().constant(c);
  changed.form = Dense{Tensor::of<float>({2}, {3, 4})};
  edit.set_constant(c, changed);
  CHECK(net.graph().constant_f32(c)->as<float>()[1] == 4);
  CHECK_FALSE(net.graph().constant(c)->encoding.has_value());

  CHECK_THROWS_AS(edit.set_constant(c, Constant::dense(Tensor::of<float>({1, 2}, {3, 4}))), InternalError);
  CHECK_THROWS_AS(edit.set_constant(c, Constant::dense(Tensor::of<double>({2}, {3, 4}))), InternalError);
  changed.form = Dense{Tensor::of<float>({1}, {3})};
  CHECK_THROWS_AS(edit.set_constant(c, changed), InternalError);
  CHECK_THROWS_AS(edit.set_constant(net.input("x"), Constant::dense(Tensor::of<float>({1}, {1}))),
                  InternalError);
}

TEST_CASE("a copy of a model is not changed by edits of the other") {
  Model model;
  SmallGraph net(model);
  const ValueId c = net.constant("c", {1});
  const Model before = model;
  Rewriter(model).set_constant(c, Constant::dense(Tensor::of<float>({1}, {2})));
  CHECK(before.graph().constant_f32(c)->as<float>()[0] == 1);
  CHECK(before.edits() != model.edits());
}

TEST_CASE("replaced reads include every use by a node, not the graph outputs") {
  Model model;
  SmallGraph net(model);
  const ValueId x = net.input("x");
  const ValueId a = net.node("Relu", {x}, "a");
  const ValueId b = net.node("Mul", {a, a}, "b");
  net.output(a);
  net.output(b);
  Rewriter(model).replace_reads(a, x);
  CHECK(print(model) == "a = Relu(x)\nb = Mul(x, x)\n");
  CHECK(net.graph().value(x).readers.size() == 3);
  CHECK(net.graph().is_output(a));
  CHECK(violation(model).empty());
}

TEST_CASE("replaced reads reach into subgraphs") {
  IfModel sample;
  Rewriter(sample.model).replace_reads(sample.t, sample.x);
  CHECK(sample.model.graph(sample.then_id).value(sample.then_t).captured == sample.x);
  CHECK(sample.model.graph(sample.else_id).value(sample.else_t).captured == sample.x);
  CHECK(sample.model.graph().value(sample.t).readers.empty());
  CHECK(violation(sample.model).empty());
}

TEST_CASE("a captured value counts as read, once a subgraph") {
  const IfModel sample;
  const Value& t = sample.model.graph().value(sample.t);
  CHECK(t.readers.size() == 2);
  CHECK_FALSE(sample.model.graph().has_one_reader(sample.t));
}

TEST_CASE("removing the last reader in a subgraph releases the outer value") {
  IfModel sample;
  Rewriter then_edit(sample.model, sample.then_id);
  const NodeId relu = sample.model.graph(sample.then_id).producer(sample.r);
  const ValueId one = then_edit.add_constant("one", Tensor::of<float>({1}, {1}));
  then_edit.set_input(relu, 0, one);
  CHECK(sample.model.graph(sample.then_id).captures().empty());
  CHECK(sample.model.graph().has_one_reader(sample.t));
  CHECK(violation(sample.model).empty());
}

TEST_CASE("a captured value that is a subgraph's output is not released") {
  IfModel sample;
  SmallGraph else_graph(sample.model, sample.else_id);
  const ValueId dead = else_graph.node("Neg", {sample.else_t}, "dead");
  Rewriter(sample.model, sample.else_id).remove_node(else_graph.producer(dead));
  CHECK(sample.model.graph(sample.else_id).captures().size() == 1);
  CHECK(violation(sample.model).empty());
}

TEST_CASE("a replaced captured value is released") {
  IfModel sample;
  Rewriter then_edit(sample.model, sample.then_id);
  const ValueId one = then_edit.add_constant("one", Tensor::of<float>({1}, {1}));
  then_edit.replace_reads(sample.then_t, one);
  CHECK(sample.model.graph(sample.then_id).captures().empty());
  CHECK(sample.model.graph().has_one_reader(sample.t));
  CHECK(violation(sample.model).empty());
}

TEST_CASE("a removed node takes its subgraphs along and releases what they captured") {
  IfModel sample;
  SmallGraph main(sample.model);
  const ValueId after = main.node("Neg", {sample.x}, "after");
  main.output(after);
  CHECK_THROWS_AS(Rewriter(sample.model).remove_node(main.producer(sample.y)), InternalError);

  IfModel unread;
  GraphBuilder builder(unread.model);
  builder.value(unread.y).output_uses = 0;
  Rewriter(unread.model).remove_node(unread.model.graph().producer(unread.y));
  CHECK(unread.model.graphs() == std::vector{kMainGraph});
  CHECK(unread.model.graph().value(unread.t).readers.empty());
  CHECK_THROWS_AS(unread.model.graph(unread.then_id), InternalError);
  CHECK_THROWS_AS(unread.model.graph().value(unread.y), InternalError);
}

TEST_CASE("a node whose result is read is not removed") {
  Model model;
  SmallGraph net(model);
  const ValueId x = net.input("x");
  const ValueId a = net.node("Relu", {x}, "a");
  const ValueId b = net.node("Neg", {a}, "b");
  const NodeId relu = net.producer(a);
  Rewriter edit(model);
  CHECK_THROWS_AS(edit.remove_node(relu), InternalError);
  edit.remove_node(net.producer(b));
  edit.remove_node(relu);
  CHECK(net.graph().nodes().empty());
  CHECK_THROWS_AS(net.graph().node(relu), InternalError);
  CHECK_THROWS_AS(edit.remove_node(relu), InternalError);
  CHECK(violation(model).empty());
}

TEST_CASE("a constant is removed only when nothing uses it") {
  Model model;
  SmallGraph net(model);
  const ValueId read = net.constant("read", {1});
  const ValueId output = net.constant("output", {1});
  const ValueId input = net.constant("input", {1});
  const ValueId unused = net.constant("unused", {1});
  net.builder().add_input(input);
  net.output(output);
  net.output(net.node("Neg", {read}, "y"));
  Rewriter edit(model);
  for (const ValueId id : {read, output, input}) CHECK_THROWS_AS(edit.remove_constant(id), InternalError);
  edit.remove_constant(unused);
  CHECK_THROWS_AS(net.graph().value(unused), InternalError);
  CHECK(violation(model).empty());
}

TEST_CASE("a producer takes over the output of the node behind it") {
  Model model;
  SmallGraph net(model);
  const ValueId x = net.input("x");
  const ValueId t = net.node("Relu", {x}, "t");
  const ValueId other = net.node("Neg", {t}, "other");
  const ValueId c = net.constant("c", {1});
  const ValueId y = net.node("Add", {t, c}, "y");
  net.output(y);
  net.output(other);
  Rewriter edit(model);
  edit.take_over_output(t, net.producer(y));
  CHECK(print(model) == "y = Relu(x)\nother = Neg(y)\n");
  CHECK(net.graph().value(c).readers.empty());
  CHECK_THROWS_AS(net.graph().value(t), InternalError);
  CHECK(violation(model).empty());
  CHECK_THROWS_AS(edit.take_over_output(x, net.producer(y)), InternalError);
}

TEST_CASE("a producer that is captured takes over an output") {
  IfModel sample;
  SmallGraph main(sample.model);
  const ValueId copy = main.node("Identity", {sample.t}, "copy");
  main.output(copy);
  // The subgraphs run before the copy is made, and read the producer's result under its new name.
  Rewriter(sample.model).take_over_output(sample.t, main.producer(copy));
  CHECK(sample.model.graph(sample.else_id).value(sample.else_t).captured == copy);
  CHECK(violation(sample.model).empty());
}

}  // namespace
}  // namespace pith::ir
