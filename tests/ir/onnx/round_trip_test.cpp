// What a file may hold comes out as it went in: IR versions, tensor types and their storage fields, types
// that are no tensors, annotations, functions, devices; and models of very many tensors.
#include <onnx/onnx_pb.h>

#include <algorithm>
#include <cstring>
#include <set>
#include <string>

#include "ir/onnx/read.h"
#include "ir/onnx/write.h"
#include "tests/support/catch.h"
#include "tests/support/pass_test.h"

namespace pith::test {

namespace onnx = ir::onnx;
using ir::Buffer;
using ::onnx::TensorProto;

namespace {

::onnx::ModelProto small_message() {
  ::onnx::ModelProto message;
  message.ParseFromString(model_bytes(R"(
    net (float[N,2] x) => (float[N,2] y) <float[2,2] w = {1, -2, 3, 4}> { y = MatMul(x, w) })"));
  return message;
}

::onnx::ModelProto round_trip(const ::onnx::ModelProto& message) {
  const auto model = onnx::read(Buffer::own(message.SerializeAsString()));
  INFO((model ? "" : model.error().message()));
  REQUIRE(model);
  const auto written = onnx::write(*model);
  REQUIRE(written);
  ::onnx::ModelProto back;
  REQUIRE(back.ParseFromString(written->file.joined()));
  return back;
}

// The bits of the tensor `name` of a model, as the reader understands them.
std::string bits_of(const ::onnx::ModelProto& message, std::string_view name) {
  const auto model = onnx::read(Buffer::own(message.SerializeAsString()));
  INFO((model ? "" : model.error().message()));
  REQUIRE(model);
  for (const auto& value : model->graph().values()) {
    const ir::Value& found = model->graph().value(value);
    if (found.name == name && found.constant) return std::string(to_dense(*found.constant).buffer().text());
  }
  return "absent";
}

struct TypeCase {
  int type;
  std::size_t bytes;  // of three elements in raw_data
};

constexpr TypeCase kNumbers[] = {{TensorProto::FLOAT, 12},
                                 {TensorProto::UINT8, 3},
                                 {TensorProto::INT8, 3},
                                 {TensorProto::UINT16, 6},
                                 {TensorProto::INT16, 6},
                                 {TensorProto::INT32, 12},
                                 {TensorProto::INT64, 24},
                                 {TensorProto::BOOL, 3},
                                 {TensorProto::FLOAT16, 6},
                                 {TensorProto::DOUBLE, 24},
                                 {TensorProto::UINT32, 12},
                                 {TensorProto::UINT64, 24},
                                 {TensorProto::COMPLEX64, 24},
                                 {TensorProto::COMPLEX128, 48},
                                 {TensorProto::BFLOAT16, 6},
                                 {TensorProto::FLOAT8E4M3FN, 3},
                                 {TensorProto::FLOAT8E4M3FNUZ, 3},
                                 {TensorProto::FLOAT8E5M2, 3},
                                 {TensorProto::FLOAT8E5M2FNUZ, 3},
                                 {TensorProto::UINT4, 2},
                                 {TensorProto::INT4, 2},
                                 {TensorProto::FLOAT4E2M1, 2},
                                 {TensorProto::FLOAT8E8M0, 3},
                                 {TensorProto::UINT2, 1},
                                 {TensorProto::INT2, 1}};

// The same three elements in the field that ONNX names for the type.
void put_typed(const std::string& raw, TensorProto& tensor) {
  const auto number = [&](auto zero, std::size_t i) {
    std::memcpy(&zero, raw.data() + i * sizeof(zero), sizeof(zero));
    return zero;
  };
  const std::size_t size = raw.size();
  switch (tensor.data_type()) {
    case TensorProto::FLOAT:
    case TensorProto::COMPLEX64:
      for (std::size_t i = 0; i < size / 4; ++i) tensor.add_float_data(number(0.0F, i));
      return;
    case TensorProto::DOUBLE:
    case TensorProto::COMPLEX128:
      for (std::size_t i = 0; i < size / 8; ++i) tensor.add_double_data(number(0.0, i));
      return;
    case TensorProto::INT64:
      for (std::size_t i = 0; i < 3; ++i) tensor.add_int64_data(number(std::int64_t{}, i));
      return;
    case TensorProto::UINT32:
      for (std::size_t i = 0; i < 3; ++i) tensor.add_uint64_data(number(std::uint32_t{}, i));
      return;
    case TensorProto::UINT64:
      for (std::size_t i = 0; i < 3; ++i) tensor.add_uint64_data(number(std::uint64_t{}, i));
      return;
    case TensorProto::INT32:
      for (std::size_t i = 0; i < 3; ++i) tensor.add_int32_data(number(std::int32_t{}, i));
      return;
    case TensorProto::INT16:
      for (std::size_t i = 0; i < 3; ++i) tensor.add_int32_data(number(std::int16_t{}, i));
      return;
    case TensorProto::INT8:
      for (std::size_t i = 0; i < 3; ++i) tensor.add_int32_data(number(std::int8_t{}, i));
      return;
    case TensorProto::UINT16:
    case TensorProto::FLOAT16:
    case TensorProto::BFLOAT16:
      for (std::size_t i = 0; i < 3; ++i) tensor.add_int32_data(number(std::uint16_t{}, i));
      return;
    default:  // one byte an entry; two or four elements in it for the narrow types
      for (const char byte : raw) tensor.add_int32_data(static_cast<unsigned char>(byte));
  }
}

}  // namespace

TEST_CASE("every version of the file format reads, and is written with the number it had") {
  for (int version = 3; version <= 14; ++version) {
    CAPTURE(version);
    ::onnx::ModelProto message = small_message();
    message.set_ir_version(version);
    if (version == 3) {  // there an initializer is an input too
      auto* input = message.mutable_graph()->add_input();
      input->set_name("w");
      input->mutable_type()->mutable_tensor_type()->set_elem_type(TensorProto::FLOAT);
    }
    const ::onnx::ModelProto back = round_trip(message);
    CHECK(back.ir_version() == std::max(version, 4));
    CHECK(bits_of(back, "w") == bits_of(message, "w"));
  }
}

TEST_CASE("every tensor type keeps its bits, from raw bytes and from its typed field") {
  for (const TypeCase& type : kNumbers) {
    CAPTURE(type.type);
    std::string raw;
    for (std::size_t i = 0; i < type.bytes; ++i)
      raw += static_cast<char>(type.type == TensorProto::BOOL ? i % 2 : 0x93 + 5 * i);
    // The unused bits of a narrow type's last byte are zero.
    if (type.bytes == 2 && raw.size() == 2) raw[1] = static_cast<char>(raw[1] & 0x0F);
    if (type.bytes == 1) raw[0] = static_cast<char>(raw[0] & 0x3F);

    ::onnx::ModelProto message = small_message();
    TensorProto* tensor = message.mutable_graph()->add_initializer();
    tensor->set_name("kept");
    tensor->set_data_type(type.type);
    tensor->add_dims(3);
    auto* node = message.mutable_graph()->add_node();
    node->set_domain("com.example");
    node->set_op_type("Takes");
    node->add_input("kept");
    node->add_output("taken");
    message.mutable_graph()->add_output()->set_name("taken");
    for (const bool typed : {false, true}) {
      CAPTURE(typed);
      tensor->clear_raw_data();
      if (typed) {
        put_typed(raw, *tensor);
      } else {
        tensor->set_raw_data(raw);
      }
      CHECK((bits_of(message, "kept") == raw));
      const ::onnx::ModelProto back = round_trip(message);
      CHECK((bits_of(back, "kept") == raw));
      CHECK(back.ByteSizeLong() <= message.ByteSizeLong());
    }
  }
}

TEST_CASE("small integers are written as numbers of variable length, so that no file grows") {
  ::onnx::ModelProto message = small_message();
  TensorProto* tensor = message.mutable_graph()->add_initializer();
  tensor->set_name("shape");
  tensor->set_data_type(TensorProto::INT64);
  tensor->add_dims(2);
  auto* node = message.mutable_graph()->add_node();
  node->set_op_type("Reshape");
  for (const char* name : {"y", "shape"}) node->add_input(name);
  node->add_output("z");
  message.mutable_graph()->add_output()->set_name("z");
  const auto written = [&](std::int64_t a, std::int64_t b) {
    tensor->clear_int64_data();
    tensor->add_int64_data(a);
    tensor->add_int64_data(b);
    const ::onnx::ModelProto back = round_trip(message);
    CHECK((bits_of(back, "shape") == bits_of(message, "shape")));
    return back.graph().initializer(0).name() == "shape" ? back.graph().initializer(0)
                                                         : back.graph().initializer(1);
  };
  CHECK(written(-1, 2).int64_data_size() == 2);
  CHECK(written(-1, -1).has_raw_data());  // ten bytes each as numbers, eight raw
}

TEST_CASE("types that are no tensors, annotations, functions and devices come back as they came") {
  ::onnx::ModelProto message = small_message();
  auto& graph = *message.mutable_graph();
  const auto of_floats = [](::onnx::TypeProto& type) {
    type.mutable_tensor_type()->set_elem_type(TensorProto::FLOAT);
  };
  auto* sequence = graph.add_input();
  sequence->set_name("sequence");
  of_floats(*sequence->mutable_type()->mutable_sequence_type()->mutable_elem_type());
  auto* optional = graph.add_input();
  optional->set_name("optional");
  of_floats(*optional->mutable_type()
                 ->mutable_optional_type()
                 ->mutable_elem_type()
                 ->mutable_sequence_type()
                 ->mutable_elem_type());
  auto* map = graph.add_input();
  map->set_name("map");
  map->mutable_type()->mutable_map_type()->set_key_type(TensorProto::STRING);
  of_floats(*map->mutable_type()->mutable_map_type()->mutable_value_type());
  auto* sparse = graph.add_input();
  sparse->set_name("sparse");
  sparse->mutable_type()->mutable_sparse_tensor_type()->set_elem_type(TensorProto::FLOAT);
  auto* denoted = graph.add_input();
  denoted->set_name("denoted");
  of_floats(*denoted->mutable_type());
  denoted->mutable_type()->set_denotation("IMAGE");
  auto* metadata = denoted->add_metadata_props();
  metadata->set_key("key");
  metadata->set_value("value");

  auto* annotation = graph.add_quantization_annotation();
  annotation->set_tensor_name("y");
  auto* parameter = annotation->add_quant_parameter_tensor_names();
  parameter->set_key("SCALE_TENSOR");
  parameter->set_value("w");

  auto* function = message.add_functions();
  function->set_name("f");
  function->set_domain("com.example");
  function->set_overload("second");
  function->add_input("a");
  function->add_output("b");
  function->add_attribute("alpha");
  auto* inner = function->add_node();
  inner->set_op_type("Relu");
  inner->add_input("a");
  inner->add_output("b");
  function->add_value_info()->set_name("b");
  function->add_opset_import()->set_version(17);

  auto* devices = message.add_configuration();
  devices->set_name("both");
  devices->set_num_devices(2);
  devices->add_device("cpu");
  auto* placed = graph.mutable_node(0)->add_device_configurations();
  placed->set_configuration_id("both");
  placed->set_pipeline_stage(1);
  auto* sharding = placed->add_sharding_spec();
  sharding->set_tensor_name("w");
  sharding->add_device(1);
  sharding->add_sharded_dim()->set_axis(0);
  message.add_training_info()->mutable_algorithm()->set_name("training");

  const ::onnx::ModelProto back = round_trip(message);
  REQUIRE(back.graph().input_size() == message.graph().input_size());
  for (int i = 0; i < back.graph().input_size(); ++i) {
    CAPTURE(i);
    CHECK((back.graph().input(i).SerializeAsString() == graph.input(i).SerializeAsString()));
  }
  const auto equal = [](const auto& a, const auto& b) {
    return a.SerializeAsString() == b.SerializeAsString();
  };
  REQUIRE(back.graph().quantization_annotation_size() == 1);
  CHECK(equal(back.graph().quantization_annotation(0), *annotation));
  REQUIRE(back.functions_size() == 1);
  CHECK(equal(back.functions(0), *function));
  REQUIRE(back.configuration_size() == 1);
  CHECK(equal(back.configuration(0), *devices));
  REQUIRE(back.graph().node(0).device_configurations_size() == 1);
  CHECK(equal(back.graph().node(0).device_configurations(0), *placed));
  REQUIRE(back.training_info_size() == 1);
  CHECK(equal(back.training_info(0), message.training_info(0)));
}

TEST_CASE("names that clash across subgraphs stay apart") {
  ::onnx::ModelProto message;
  REQUIRE(message.ParseFromString(model_bytes(R"(
    net (bool c, float[2] x) => (float[2] y) {
      t = Neg(x)
      y = If(c) <
        then_branch = g1 () => (float[2] a) <float[2] w = {1, 2}> { u = Mul(t, w) a = Neg(u) },
        else_branch = g2 () => (float[2] a) <float[2] w = {3, 4}> { u = Add(t, w) a = Neg(u) }
      >
    })")));
  const auto before = onnx::read(Buffer::own(message.SerializeAsString()));
  const auto after = onnx::read(Buffer::own(round_trip(message).SerializeAsString()));
  REQUIRE(before);
  REQUIRE(after);
  CHECK(largest_difference(*before, *after) == 0);
}

TEST_CASE("a model of 100,000 small tensors and names that differ little reads and writes") {
  constexpr int kCount = 100'000;
  ::onnx::ModelProto message = small_message();
  auto& graph = *message.mutable_graph();
  std::string last = "y";
  for (int i = 0; i < kCount; ++i) {
    TensorProto* tensor = graph.add_initializer();
    tensor->set_name("y_" + std::to_string(i));  // what the writer would choose for a second 'y'
    tensor->set_data_type(TensorProto::FLOAT);
    tensor->add_dims(1);
    tensor->add_float_data(static_cast<float>(i));
    auto* node = graph.add_node();
    node->set_op_type("Add");
    node->add_input(last);
    node->add_input(tensor->name());
    last = "sum_" + std::to_string(i);
    node->add_output(last);
  }
  graph.mutable_output(0)->set_name(last);
  const ::onnx::ModelProto back = round_trip(message);
  CHECK(back.graph().node_size() == graph.node_size());
  REQUIRE(back.graph().initializer_size() == graph.initializer_size());
  std::set<std::string> names;
  for (const auto& tensor : back.graph().initializer()) names.insert(tensor.name());
  CHECK(names.size() == static_cast<std::size_t>(kCount) + 1);
  CHECK(back.ByteSizeLong() <= message.ByteSizeLong());
}

}  // namespace pith::test
