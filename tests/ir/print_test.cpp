#include "ir/print.h"

#include "tests/ir/small_graph.h"
#include "tests/support/catch.h"

namespace pith::ir {
namespace {

TEST_CASE("nodes print one a line with their constants' shapes") {
  Model model;
  SmallGraph net(model);
  const ValueId x = net.input("x");
  const ValueId w = net.constant("w", Constant::dense(Tensor::of<float>({2, 1}, {1, 2})));
  const ValueId y = net.node("Conv", {x, w, kNoValue}, "y");
  const ValueId mask = net.value("");
  net.append("Dropout", {y}, {net.value("z"), mask});
  net.append("TopK", {y}, {kNoValue, net.value("indices")});
  CHECK(print(model) == "y = Conv(x, w[2,1], )\nz, %" + std::to_string(index_of(mask)) +
                            " = Dropout(y)\n, indices = TopK(y)\n");
}

TEST_CASE("attributes of every type print") {
  Model model;
  SmallGraph net(model);
  Node node;
  node.op_type = "All";
  node.domain = "my.domain";
  node.outputs = {net.value("y")};
  node.attributes = {{"a", std::int64_t{-1}},
                     {"b", 0.5F},
                     {"c", std::string("text")},
                     {"d", Tensor::of<std::int64_t>({2}, {1, 2})},
                     {"e", std::vector<std::int64_t>{1, 2}},
                     {"f", std::vector<float>{0.1F, 2}},
                     {"g", std::vector<std::string>{"x", "y"}},
                     {"h", std::vector<Tensor>(2)},
                     {"i", CarriedAttribute{"bytes"}}};
  net.builder().append_node(std::move(node));
  CHECK(print(model) ==
        "y = my.domain::All() {a=-1 b=0.5 c=\"text\" d=int64[2] e=[1,2] f=[0.1,2] g=[\"x\", \"y\"] "
        "h=2 tensors i=carried}\n");
}

TEST_CASE("a form that is not dense shows") {
  Model model;
  SmallGraph net(model);
  Constant sparse;
  sparse.dtype = DType::float32;
  sparse.shape = {4};
  sparse.form = Sparse{Tensor::of<std::int64_t>({1}, {2}), Tensor::of<float>({1}, {5})};
  net.node("Neg", {net.constant("c", std::move(sparse))}, "y");
  CHECK(print(model) == "y = Neg(c:sparse[4])\n");
}

TEST_CASE("subgraphs are indented below their node and end with their outputs") {
  CHECK(print(IfModel().model) ==
        "t = Exp(x)\n"
        "y = If(condition) {else_branch=graph 2 then_branch=graph 1}\n"
        "  -> t\n"
        "  r = Relu(t)\n"
        "  -> r\n");
}

}  // namespace
}  // namespace pith::ir
