#include "passes/strip_documentation.h"

#include <onnx/onnx_pb.h>

#include "ir/onnx/read.h"
#include "ir/onnx/write.h"
#include "tests/support/catch.h"
#include "tests/support/pass_test.h"

namespace pith::test {
namespace {

using passes::StripDocumentation;

onnx::ModelProto parse_text(std::string_view text) {
  onnx::ModelProto model;
  REQUIRE(model.ParseFromString(model_bytes(text)));
  return model;
}

template <class Message>
void document(Message& message, const std::string& text) {
  message.set_doc_string(text);
  for (const char* key : {"pkg.torch.onnx.stack_trace", "label", "namespace"}) {
    auto* entry = message.add_metadata_props();
    entry->set_key(key);
    entry->set_value(text);
  }
}

onnx::ModelProto documented() {
  onnx::ModelProto model = parse_text(R"(
    <ir_version: 11, opset_import: ["" : 21]>
    net (float[2] x) => (float[2] y) <float[2] w = {1, 2}, float[2] t> { t = Add(x, w) y = Softmax<axis = 0>(t) })");
  document(model, "the model");
  document(*model.mutable_graph(), "a graph");
  for (auto& node : *model.mutable_graph()->mutable_node()) document(node, "a node");
  for (auto& attribute : *model.mutable_graph()->mutable_node(1)->mutable_attribute())
    attribute.set_doc_string("an attribute");
  for (auto& value : *model.mutable_graph()->mutable_value_info()) document(value, "a value");
  document(*model.mutable_graph()->mutable_input(0), "an input");
  document(*model.mutable_graph()->mutable_initializer(0), "a constant");
  return model;
}

ir::Model read(const onnx::ModelProto& model) {
  auto found = ir::onnx::read(ir::Buffer::own(model.SerializeAsString()));
  REQUIRE(found.has_value());
  return *std::move(found);
}

onnx::ModelProto write(const ir::Model& model) {
  const auto written = ir::onnx::write(model);
  REQUIRE(written.has_value());
  onnx::ModelProto message;
  REQUIRE(message.ParseFromString(written->file.joined()));
  return message;
}

TEST_CASE("strip-documentation removes texts and what exporters note, and nothing else") {
  const ir::Model before = read(documented());
  const auto run = run_pass<StripDocumentation>(before);
  CHECK(run.changes == 6);  // the graph, two nodes, two values, a constant
  const onnx::ModelProto after = write(run.after);
  // What applications read stays.
  CHECK(after.doc_string() == "the model");
  CHECK(after.metadata_props_size() == 3);
  const onnx::GraphProto& graph = after.graph();
  const auto check = [](const auto& message) {
    CHECK(message.doc_string().empty());
    REQUIRE(message.metadata_props_size() == 1);
    CHECK(message.metadata_props(0).key() == "label");
  };
  check(graph);
  for (const auto& node : graph.node()) check(node);
  check(graph.input(0));
  check(graph.value_info(0));
  check(graph.initializer(0));
  REQUIRE(graph.node(1).attribute_size() == 1);
  CHECK_FALSE(graph.node(1).attribute(0).has_doc_string());
  CHECK(graph.node(1).attribute(0).i() == 0);
  CHECK(largest_difference(run.before, run.after) == 0);
  CHECK(run_pass<StripDocumentation>(run.after).changes == 0);
}

TEST_CASE("strip-documentation drops the declared type of a constant") {
  onnx::ModelProto model =
      parse_text("net (float[2] x) => (float[2] y) <float[2] w = {1, 2}> { y = Add(x, w) }");
  auto* info = model.mutable_graph()->add_value_info();
  *info = model.graph().input(0);
  info->set_name("w");
  const auto run = run_pass<StripDocumentation>(read(model));
  CHECK(run.changes == 1);
  CHECK(write(run.after).graph().value_info_size() == 0);
  // Metadata that is kept needs it.
  auto* kept = info->add_metadata_props();
  kept->set_key("label");
  kept->set_value("weight");
  CHECK(run_pass<StripDocumentation>(read(model)).changes == 0);
}

TEST_CASE("strip-documentation looks into subgraphs and functions") {
  onnx::ModelProto model = parse_text(R"(
    <ir_version: 10, opset_import: ["" : 21, "local" : 1]>
    net (bool c, float[2] x) => (float[2] y)
    {
      y = If(c) <then_branch = g1 () => (float[2] t) { t = Neg(x) }, else_branch = g2 () => (float[2] e) { e = local.f(x) }>
    }
    <opset_import: ["" : 21], domain: "local">
    f (a) => (b) { b = Exp(a) })");
  model.mutable_graph()->mutable_node(0)->mutable_attribute(0)->mutable_g()->mutable_node(0)->set_doc_string(
      "inner");
  model.mutable_functions(0)->set_doc_string("a function");
  model.mutable_functions(0)->mutable_node(0)->set_doc_string("its node");
  const auto run = run_pass<StripDocumentation>(read(model));
  CHECK(run.changes == 2);
  const std::string after = write(run.after).SerializeAsString();
  for (const char* text : {"inner", "a function", "its node"}) CHECK(after.find(text) == std::string::npos);
}

}  // namespace
}  // namespace pith::test
