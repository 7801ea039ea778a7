#include "passes/pass.h"

#include "tests/ir/small_graph.h"
#include "tests/support/catch.h"

namespace pith::passes {
namespace {

TEST_CASE("no patterns select everything") {
  CHECK(PassContext().selects("w", {"conv"}));
  CHECK(PassContext().selects("", {}));
}

TEST_CASE("a pattern finds tensors and nodes by a part of their name") {
  PassContext context;
  context.include = {std::regex("conv"), std::regex("^fc1\\.")};
  CHECK(context.selects("w", {"my_conv_3"}));
  CHECK(context.selects("fc1.weight", {""}));
  CHECK_FALSE(context.selects("w", {"fc1"}));
}

TEST_CASE("what is excluded is not selected, even when it is included") {
  PassContext context;
  context.exclude = {std::regex("conv_3$")};
  CHECK(context.selects("w", {"conv_31"}));
  CHECK_FALSE(context.selects("w", {"conv_3"}));
  context.include = {std::regex("conv")};
  CHECK_FALSE(context.selects("w", {"conv_3"}));
}

TEST_CASE("a pass goes on until the user wants to stop") {
  PassContext context;
  CHECK(context.keep_going());
  context.cancelled = [] { return false; };
  CHECK(context.keep_going());
  context.cancelled = [] { return true; };
  REQUIRE_FALSE(context.keep_going());
  CHECK(context.keep_going().error().code() == ErrorCode::interrupted);
}

TEST_CASE("what is skipped is described by name, or by operator and result") {
  ir::Model model;
  ir::SmallGraph net(model);
  const ir::ValueId y = net.node("Relu", {net.input("x")}, "y");
  ir::Node named;
  named.op_type = "Relu";
  named.name = "relu_2";
  const ir::NodeId named_id = net.builder().append_node(std::move(named));
  PassContext context;
  context.skipped(net.graph(), net.producer(y), "a");
  context.skipped(net.graph(), named_id, "b");
  context.skipped_tensor("w", "c");
  CHECK(context.take_skipped() ==
        std::vector<Skipped>{{"node Relu of 'y'", "a"}, {"node 'relu_2'", "b"}, {"tensor 'w'", "c"}});
  CHECK(context.take_skipped().empty());
}

}  // namespace
}  // namespace pith::passes
