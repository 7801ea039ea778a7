#include "ir/onnx/infer_shapes.h"

#include <fmt/core.h>
#include <onnx/onnx_pb.h>
#include <onnx/shape_inference/implementation.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "ir/onnx/read.h"
#include "tests/support/catch.h"
#include "tests/support/pass_test.h"

namespace pith::test {

namespace onnx = ir::onnx;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

namespace {

onnx::InferredTypes inferred(const ir::Model& model, const onnx::InferOptions& options = {}) {
  auto types = onnx::infer_types(model, options);
  if (!types) throw std::runtime_error(types.error().message());
  return *std::move(types);
}

// "float32 [N,2]", "?" for a dimension without a name, "unknown".
std::string text_of(const ir::ValueType* type) {
  if (type == nullptr) return "unknown";
  std::string text(ir::name_of(type->dtype));
  if (!type->shape) return text + " of any shape";
  text += " [";
  for (std::size_t i = 0; i < type->shape->size(); ++i) {
    if (i > 0) text += ',';
    const ir::Dim& dim = (*type->shape)[i];
    const auto* number = std::get_if<std::int64_t>(&dim);
    text += number != nullptr ? std::to_string(*number) : std::get<std::string>(dim);
  }
  return text + "]";
}

// The type of the first value of that name, in the main graph or a subgraph.
std::string type_of(const ir::Model& model, std::string_view name, const onnx::InferOptions& options = {}) {
  const auto types = inferred(model, options);
  for (const ir::GraphId graph : model.graphs()) {
    for (const ir::ValueId id : model.graph(graph).values()) {
      if (model.graph(graph).value(id).name == name) return text_of(types.find(graph, id));
    }
  }
  return "no such value";
}

std::string type_of(std::string_view model, std::string_view name) {
  return type_of(parse_model(model), name);
}

ir::Model with_functions(const std::string& graph, const std::string& functions) {
  return parse_model(R"(<ir_version: 10, opset_import: ["" : 17, "f" : 1]> )" + graph + functions);
}

std::string function(const std::string& name, const std::string& body) {
  return "\n<domain: \"f\", opset_import: [\"\" : 17, \"f\" : 1]> " + name + " (x) => (y) {" + body + "}";
}

}  // namespace

TEST_CASE("shapes follow from inputs and weights, symbols are kept") {
  constexpr auto kModel = R"(
    net (float[N,1,28,28] x, float[8,1,3,3] w, float[5408,10] v) => (y) {
      c = Conv(x, w)
      r = Relu(c)
      f = Flatten(r)
      y = MatMul(f, v)
    })";
  CHECK(type_of(kModel, "x") == "float32 [N,1,28,28]");
  CHECK(type_of(kModel, "w") == "float32 [8,1,3,3]");
  CHECK(type_of(kModel, "c") == "float32 [N,8,26,26]");
  CHECK(type_of(kModel, "f") == "float32 [N,5408]");
  CHECK(type_of(kModel, "y") == "float32 [N,10]");
}

TEST_CASE("computations on shapes are followed") {
  constexpr auto kModel = R"(
    net (float[N,3,4] x) => (float[N,12] y, z) <int64[1] rest = {-1}, int64 first = {0}, int64[1] axis = {0}> {
      s = Shape(x)
      n = Gather(s, first)
      n1 = Unsqueeze(n, axis)
      shape = Concat<axis = 0>(n1, rest)
      y = Reshape(x, shape)
      z = ConstantOfShape(s)
    })";
  CHECK(type_of(kModel, "shape") == "int64 [2]");
  CHECK(type_of(kModel, "y") == "float32 [N,12]");
  CHECK(type_of(kModel, "z") == "float32 [N,3,4]");
}

TEST_CASE("unknown dimensions get symbols that equal numbers share") {
  const ir::Model model = parse_model("net (float[?,unk__0] x) => (y, z) { y = Relu(x) z = NonZero(x) }");
  CHECK(type_of(model, "x") == "float32 [unk__1,unk__0]");
  CHECK(type_of(model, "y") == "float32 [unk__1,unk__0]");
  CHECK(type_of(model, "z") == "int64 [2,unk__2]");
  CHECK_FALSE(inferred(model).shape(ir::kMainGraph, model.graph().inputs()[0]));
}

TEST_CASE("a shape of numbers is given as such") {
  const ir::Model model = parse_model("net (float[2,3] x) => (y) { y = Transpose(x) }");
  CHECK(inferred(model).shape(ir::kMainGraph, model.graph().outputs()[0]) == ir::Shape{3, 2});
}

TEST_CASE("declared types win, numbers replace symbols") {
  const ir::Model refined = parse_model("net (float[2,3] x) => (float[A,B] y) { y = Relu(x) }");
  CHECK(type_of(refined, "y") == "float32 [2,3]");
  const ir::Model wrong = parse_model("net (float[2,3] x) => (float[5,3] y) { y = Relu(x) }");
  CHECK(type_of(wrong, "y") == "float32 [5,3]");
  const auto types = inferred(wrong);
  REQUIRE(types.notes().size() == 1);
  CHECK_THAT(types.notes()[0], Contains("the declared type of 'y' contradicts the inferred one"));
}

TEST_CASE("a default of an input does not fix what a caller may override") {
  const ir::Model model = parse_model(R"(
    net (float[6] x, int64[2] s = {2, 3}) => (y) { y = Reshape(x, s) })");
  CHECK_THAT(type_of(model, "y"), StartsWith("float32 [unk__"));
}

TEST_CASE("subgraphs see the values around them") {
  const ir::Model model = parse_model(R"(
    net (bool c, float[4,3] x, float[4,3] w) => (y) {
      y = If (c) <
        then_branch = g1 () => (t) { t = Add(x, w) },
        else_branch = g2 () => (e) { e = Mul(x, x) }>
    })");
  CHECK(type_of(model, "t") == "float32 [4,3]");
  CHECK(type_of(model, "e") == "float32 [4,3]");
  CHECK(type_of(model, "y") == "float32 [4,3]");
}

TEST_CASE("loops are inferred, with the shape of a carried value left open") {
  const ir::Model model = parse_model(R"(
    net (int64 m, bool c, float[2] x) => (last, all) {
      last, all = Loop (m, c, x) <
        body = g (int64 i, bool cond, float[2] state) => (bool keep, float[2] next, float[2] out) {
          keep = Identity(cond)
          next = Add(state, state)
          out = Neg(next)
        }>
    })");
  CHECK(type_of(model, "out") == "float32 [2]");
  CHECK(type_of(model, "last") == "float32 of any shape");
  CHECK_THAT(type_of(model, "all"), StartsWith("float32 [unk__"));
}

TEST_CASE("functions of the model are followed") {
  const ir::Model model = with_functions("net (float[2,3] x) => (y) { y = f.twice(x) }",
                                         function("twice", "t = Add(x, x) y = Transpose(t)"));
  CHECK(type_of(model, "y") == "float32 [3,2]");
}

TEST_CASE("an operator that nobody knows leaves its results open and is not noted") {
  const ir::Model model = parse_model(R"(
    <ir_version: 8, opset_import: ["" : 17, "custom" : 1]>
    net (float[2] x) => (a, b, d) {
      a = custom.Thing(x)
      b = Relu(a)
      d = Neg(x)
    })");
  CHECK(type_of(model, "a") == "unknown");
  CHECK(type_of(model, "b") == "unknown");
  CHECK(type_of(model, "d") == "float32 [2]");
  CHECK(inferred(model).notes().empty());
}

TEST_CASE("a node that contradicts its inputs is noted, the rest is inferred") {
  const ir::Model model = parse_model(R"(
    net (float[2,3] x, float[4,5] z) => (bad, good) { bad = MatMul(x, z) good = Relu(z) })");
  const auto types = inferred(model);
  REQUIRE(types.notes().size() == 1);
  CHECK_THAT(types.notes()[0], StartsWith("node MatMul of 'bad': "));
  CHECK(type_of(model, "bad") == "unknown");
  CHECK(type_of(model, "good") == "float32 [4,5]");
}

TEST_CASE("nodes with the wrong attributes or number of inputs are noted") {
  for (const auto* node : {"y = Relu(x, x)", "y = Concat(x, x)", "y = Relu<axis = 1>(x)", "y = Loop()"}) {
    CAPTURE(node);
    const auto types = inferred(parse_model(fmt::format("net (float[2] x) => (y) {{ {} }}", node)));
    CHECK(types.notes().size() == 1);
  }
}

TEST_CASE("observed types fill what is unknown, and inference goes on from there") {
  const ir::Model model = parse_model("net (float[N,2] x) => (n, t) { n = NonZero(x) t = Transpose(n) }");
  const auto find = [&](std::string_view name) {
    for (const ir::ValueId id : model.graph().values()) {
      if (model.graph().value(id).name == name) return id;
    }
    return ir::kNoValue;
  };
  const ir::ValueType seen{ir::DType::int64, std::vector<ir::Dim>{std::int64_t{9}, std::int64_t{7}}};
  onnx::InferOptions options;
  options.observed = [&](ir::GraphId, ir::ValueId id) { return id == find("n") ? &seen : nullptr; };
  CHECK(type_of(model, "n", options) == "int64 [2,7]");  // what is known stays
  CHECK(type_of(model, "t", options) == "int64 [7,2]");
  CHECK(type_of(model, "x", options) == "float32 [N,2]");
}

TEST_CASE("shapes made to exhaust memory stay small") {
  const auto quickly = [](std::string_view text, std::string_view name) { return type_of(text, name); };
  CHECK(quickly(R"(net (float x) => (b, d) <int64 zero = {0}, int64 huge = {1000000000000}, int64 one = {1}> {
      a = Range(zero, huge, one)
      b = Add(a, a)
      d = ConstantOfShape(b)
    })",
                "b") == "int64 [1000000000000]");
  CHECK(quickly("net (int64[1000000000000] x) => (y) { y = Add(x, x) }", "y") == "int64 [1000000000000]");
  CHECK(quickly("net (int64[1000000000000] x) => (y) { y = ConstantOfShape(x) }", "y") ==
        "float32 of any shape");
  CHECK(quickly("net (int64[900] x) => (y) { y = ConstantOfShape(x) }", "y") == "float32 of any shape");
  CHECK(quickly("net (float[-3] x) => (y) { y = Relu(x) }", "y") == "float32 [unk__0]");
  const std::string symbol(300, 's');
  CHECK(quickly("net (float[" + symbol + "] x) => (y) { y = Relu(x) }", "y") == "float32 [unk__0]");
  std::string high = "net (float[1";
  for (int i = 0; i < 64; ++i) high += ",1";
  CHECK(quickly(high + "] x) => (y) { y = Relu(x) }", "y") == "float32 of any shape");
}

TEST_CASE("dimensions whose product overflows do not end inference") {
  const ir::Model model = parse_model(R"(
    net (float[4294967296,4294967296] x) => (y, z) { y = Flatten<axis = 0>(x) z = Relu(x) })");
  CHECK(type_of(model, "z") == "float32 [4294967296,4294967296]");
}

TEST_CASE("functions that call themselves are refused when the model is read") {
  const auto refusal = [](const std::string& functions) -> std::string {
    try {
      inferred(with_functions("net (float[2] x) => (y) { y = f.a(x) }", functions));
    } catch (const std::exception& error) {
      return error.what();
    }
    return "inferred";
  };
  CHECK(refusal(function("a", "y = f.a(x)")) == "function 'f:a' calls itself, directly or through others");
  CHECK_THAT(refusal(function("a", "y = f.b(x)") + function("b", "y = f.a(x)")), Contains("calls itself"));
  CHECK_THAT(refusal(function("a",
                              "c = Constant<value = bool {1}>() y = If (c) <then_branch = g () => (t) "
                              "{ t = f.a(x) }, else_branch = h () => (e) { e = Neg(x) }>")),
             Contains("calls itself"));
  CHECK(refusal(function("a", "y = f.b(x)") + function("b", "y = Neg(x)")) == "inferred");
}

TEST_CASE("functions that double at each call are not followed") {
  std::string functions = function("leaf", "y = Neg(x)");
  std::string callee = "leaf";
  for (int i = 0; i < 60; ++i) {
    const std::string name = "f" + std::to_string(i);
    functions += function(name, "t = f." + callee + "(x) y = f." + callee + "(t)");
    callee = name;
  }
  const ir::Model model =
      with_functions("net (float[2] x) => (y, z) { y = f." + callee + "(x) z = Neg(x) }", functions);
  const auto types = inferred(model);
  REQUIRE(types.notes().size() == 1);
  CHECK_THAT(types.notes()[0], Contains("is not followed"));
  CHECK(type_of(model, "y") == "unknown");
  CHECK(type_of(model, "z") == "float32 [2]");
}

// Every number that ONNX's own inference finds in real models must be found here, and be the same.
TEST_CASE("assets: real models are inferred as ONNX infers them") {
  namespace fs = std::filesystem;
  std::size_t models = 0;
  std::size_t dimensions = 0;
  std::vector<fs::path> files{fs::path(PITH_SOURCE_DIR) / "examples/fashion-mnist/lenet-300-100.onnx"};
  if (fs::exists(fs::path(PITH_ASSETS) / "models")) {
    for (const auto& entry : fs::recursive_directory_iterator(fs::path(PITH_ASSETS) / "models"))
      if (entry.path().extension() == ".onnx") files.push_back(entry.path());
  }
  for (const auto& path : files) {
    CAPTURE(path.filename().string());
    std::ifstream file(path, std::ios::binary);
    ::onnx::ModelProto message;
    REQUIRE(message.ParseFromIstream(&file));
    message.mutable_graph()->clear_value_info();
    const auto model = onnx::read(ir::Buffer::own(message.SerializeAsString()));
    REQUIRE(model);
    const auto types = inferred(*model);
    std::map<std::string, ir::ValueId> by_name;
    for (const ir::ValueId id : model->graph().values()) by_name.emplace(model->graph().value(id).name, id);

    ::onnx::shape_inference::DataValueMap data;
    ::onnx::shape_inference::InferShapes(message, ::onnx::OpSchemaRegistry::Instance(),
                                         ::onnx::ShapeInferenceOptions(false, 0, true), &data);
    ++models;
    for (const auto& info : message.graph().value_info()) {
      const auto found = by_name.find(info.name());
      if (found == by_name.end() || !info.type().tensor_type().has_shape()) continue;
      CAPTURE(info.name());
      const ir::ValueType* type = types.find(ir::kMainGraph, found->second);
      REQUIRE(type != nullptr);
      REQUIRE(type->shape.has_value());
      const auto& dims = info.type().tensor_type().shape().dim();
      REQUIRE(std::ssize(*type->shape) == dims.size());
      for (int i = 0; i < dims.size(); ++i) {
        if (!dims[i].has_dim_value()) continue;
        REQUIRE((*type->shape)[static_cast<std::size_t>(i)] == ir::Dim(std::int64_t{dims[i].dim_value()}));
        ++dimensions;
      }
    }
  }
  WARN(models << " models, " << dimensions << " dimensions as ONNX infers them");
  CHECK(dimensions > 0);
}

}  // namespace pith::test
