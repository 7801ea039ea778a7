#include "ir/onnx/operators.h"

#include <onnx/onnx_pb.h>

#include "ir/onnx/read.h"
#include "tests/support/catch.h"
#include "tests/support/pass_test.h"

namespace pith::test {

namespace onnx = ir::onnx;
using Names = std::vector<std::string>;

TEST_CASE("operators are sorted and each listed once") {
  CHECK(onnx::operators(
            parse_model("net (float[2] x) => (float[2] y) { t = Relu(x) u = Add(t, t) y = Relu(u) }")) ==
        Names{"Add", "Relu"});
}

TEST_CASE("operators of other domains have the domain before the name") {
  const ir::Model model = parse_model(R"(
    <ir_version: 8, opset_import: ["" : 17, "com.microsoft" : 1]>
    net (float[2] x) => (float[2] y) { t = com.microsoft.Gelu(x) y = ai.onnx.Neg(t) })");
  CHECK(onnx::operators(model) == Names{"Neg", "com.microsoft::Gelu"});
}

TEST_CASE("operators within subgraphs are listed, at any depth") {
  const ir::Model model = parse_model(R"(
    net (bool c, float[2] x) => (float[2] y) {
      y = If (c) <
        then_branch = g1 () => (float[2] t) {
          t = If (c) <
            then_branch = g3 () => (float[2] u) { u = Abs(x) },
            else_branch = g4 () => (float[2] v) { v = Ceil(x) }>
        },
        else_branch = g2 () => (float[2] e) { e = Neg(x) }>
    })");
  CHECK(onnx::operators(model) == Names{"Abs", "Ceil", "If", "Neg"});
}

TEST_CASE("operators within functions are listed beside the calls, called or not") {
  const ir::Model model = parse_model(R"(
    <ir_version: 8, opset_import: ["" : 17, "f" : 1]>
    net (float[2] x) => (float[2] y) { y = f.used(x) }
    <domain: "f", opset_import: ["" : 17]> used (a) => (b) {
      c = Constant<value = bool {1}>()
      b = If (c) <then_branch = g1 () => (t) { t = Abs(a) }, else_branch = g2 () => (e) { e = Neg(a) }>
    }
    <domain: "f", opset_import: ["" : 17]> unused (a) => (b) { b = Ceil(a) })");
  CHECK(onnx::operators(model) == Names{"Abs", "Ceil", "Constant", "If", "Neg", "f::used"});
}

TEST_CASE("operators of training graphs are listed") {
  ::onnx::ModelProto message;
  message.ParseFromString(model_bytes("net (float[2] x) => (float[2] y) { y = Relu(x) }"));
  auto* training = message.add_training_info();
  training->mutable_initialization()->add_node()->set_op_type("RandomNormal");
  training->mutable_algorithm()->add_node()->set_op_type("Gradient");
  const auto model = onnx::read(ir::Buffer::own(message.SerializeAsString()));
  REQUIRE(model);
  CHECK(onnx::operators(*model) == Names{"Gradient", "RandomNormal", "Relu"});
}

TEST_CASE("a Constant node that became a constant is no operator, one of strings stays one") {
  const ir::Model model = parse_model(R"(net (float[2] x) => (float[2] y, s) {
    c = Constant<value = float[2] {1, 2}>()
    s = Constant<value_string = "text">()
    y = Add(x, c)
  })");
  CHECK(onnx::operators(model) == Names{"Add", "Constant"});
}

}  // namespace pith::test
