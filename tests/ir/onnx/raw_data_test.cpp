#include "ir/onnx/raw_data.h"

#include <onnx/onnx_pb.h>

#include "tests/support/catch.h"

namespace pith::test {

namespace onnx = ir::onnx;

namespace {

// Tensors wherever one may stand: initializers, sparse ones, attributes, subgraphs; functions and training
// graphs, which are left as they are.
::onnx::ModelProto model_with_tensors() {
  ::onnx::ModelProto model;
  model.set_ir_version(10);
  int next = 0;
  const auto fill = [&](::onnx::TensorProto& tensor, std::size_t size) {
    tensor.set_data_type(::onnx::TensorProto::UINT8);
    tensor.add_dims(static_cast<std::int64_t>(size));
    tensor.set_raw_data(std::string(size, static_cast<char>('a' + next++)));
  };
  auto& graph = *model.mutable_graph();
  fill(*graph.add_initializer(), 10000);
  fill(*graph.add_initializer(), 3);
  graph.add_initializer()->set_raw_data("");
  fill(*graph.add_sparse_initializer()->mutable_values(), 5);
  fill(*graph.mutable_sparse_initializer(0)->mutable_indices(), 6000);
  auto& node = *graph.add_node();
  fill(*node.add_attribute()->mutable_t(), 7);
  fill(*node.add_attribute()->add_tensors(), 8);
  auto& inner = *node.add_attribute()->mutable_g();
  fill(*inner.add_initializer(), 9000);
  fill(*inner.add_node()->add_attribute()->add_graphs()->add_initializer(), 200);
  fill(*model.add_functions()->add_node()->add_attribute()->mutable_t(), 11);
  fill(*model.add_training_info()->mutable_algorithm()->add_initializer(), 12);
  return model;
}

ir::Buffer buffer(const std::string& bytes) {
  return ir::Buffer::own(std::string(bytes));
}

TEST_CASE("raw data is taken out of every tensor that the importer reads, and put back") {
  const ::onnx::ModelProto model = model_with_tensors();
  const std::string bytes = model.SerializeAsString();
  const auto apart = onnx::take_raw_data(buffer(bytes));
  REQUIRE(apart);
  CHECK(apart->raw_data.size() == 8);
  CHECK(apart->message.size() < 400);

  ::onnx::ModelProto thin;
  REQUIRE(thin.ParseFromString(apart->message));
  const auto& token = thin.graph().initializer(1).raw_data();
  CHECK(apart->raw_data.at(onnx::position_of(token, apart->raw_data)).text() == "bbb");
  CHECK(thin.graph().initializer(2).raw_data().empty());
  CHECK(thin.functions(0).node(0).attribute(0).t().raw_data().size() == 11);
  CHECK(thin.training_info(0).algorithm().initializer(0).raw_data().size() == 12);

  CHECK(onnx::put_raw_data(apart->message, apart->raw_data).joined() == bytes);
}

TEST_CASE("what no tensor has is no token") {
  const std::vector<ir::Buffer> two{buffer("a"), buffer("b")};
  CHECK(onnx::position_of(onnx::make_token(1), two) == 1);
  for (const std::string& token :
       {onnx::make_token(2), std::string(), std::string("abc"), std::string(8, '\0')})
    CHECK(onnx::position_of(token, two) == two.size());
  ::onnx::ModelProto model;
  model.mutable_graph()->add_initializer()->set_raw_data("forged token");
  CHECK_THROWS_AS(onnx::put_raw_data(model.SerializeAsString(), two), InternalError);
}

TEST_CASE("bytes that are no message are refused, wherever they are cut") {
  const std::string bytes = model_with_tensors().SerializeAsString();
  for (std::size_t size = 0; size < bytes.size(); size += size < 100 ? 1 : 97) {
    const auto apart = onnx::take_raw_data(buffer(bytes.substr(0, size)));
    // What is cut between two fields is a message still.
    if (apart) CHECK(onnx::put_raw_data(apart->message, apart->raw_data).joined() == bytes.substr(0, size));
  }
  for (const std::string& wrong : {std::string("\x0b"), std::string("\x07"), std::string("\x3a\x05"),
                                   std::string("\x3a\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
                                   std::string(11, '\xff'), std::string(1, '\0')})
    CHECK_FALSE(onnx::take_raw_data(buffer(wrong)));
}

TEST_CASE("nesting has a bound") {
  std::string bytes;
  for (int depth = 0; depth < 300; ++depth) {
    // node { attribute { g { ... } } } from the inside out.
    for (const char tag : {'\x32', '\x2a', '\x0a'}) {
      std::string length;
      for (std::size_t rest = bytes.size();; rest >>= 7) {
        length += static_cast<char>((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
        if (rest <= 0x7f) break;
      }
      bytes = std::string(1, tag) + length + bytes;
    }
    if (depth != 20 && depth != 299) continue;
    ::onnx::ModelProto model;
    model.mutable_graph();
    std::string graph;
    for (std::size_t rest = bytes.size();; rest >>= 7) {
      graph += static_cast<char>((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
      if (rest <= 0x7f) break;
    }
    CHECK(onnx::take_raw_data(buffer("\x3a" + graph + bytes)).has_value() == (depth == 20));
  }
}

}  // namespace
}  // namespace pith::test
