#include "ir/onnx/convert_opset.h"

#include <fmt/core.h>
#include <onnx/checker.h>
#include <onnx/onnx_pb.h>

#include "ir/onnx/write.h"
#include "ir/print.h"
#include "tests/support/catch.h"
#include "tests/support/pass_test.h"
#include "tests/support/weight_model.h"

namespace pith::test {

namespace onnx = ir::onnx;
using Catch::Matchers::Contains;
using Catch::Matchers::Equals;

namespace {

ir::Model in_set(int opset, const std::string& graph) {
  return parse_model(fmt::format("<ir_version: 8, opset_import: [\"\" : {}]> {}", opset, graph));
}

// Converted, equal in what the runtime computes, and valid for ONNX's checker.
ir::Model converted(const ir::Model& model, std::int64_t target) {
  auto result = onnx::convert_opset(model, target);
  if (!result) throw std::runtime_error(result.error().message());
  CHECK(result->opset() == target);
  CHECK(largest_difference(model, *result) == 0.0);
  ::onnx::ModelProto message;
  message.ParseFromString(onnx::write(*result)->file.joined());
  CHECK_NOTHROW(::onnx::checker::check_model(message));
  return *std::move(result);
}

std::string refusal(const ir::Model& model, std::int64_t target) {
  const auto result = onnx::convert_opset(model, target);
  return result ? "converted" : result.error().message();
}

}  // namespace

TEST_CASE("attributes become inputs") {
  CHECK_THAT(ir::print(converted(in_set(9, R"(net (float[1,3] x) => (float[3] y) {
      c = Clip<min = -0.5, max = 0.5>(x)
      y = Squeeze<axes = [0]>(c)
    })"),
                                 17)),
             Equals("c = Clip(x, min[], max[])\ny = Squeeze(c, axes[1])\n"));
  CHECK_THAT(ir::print(converted(in_set(9, R"(net (float[2,4] x) => (float[2,2] y, float[2,2] z) {
      s = Slice<axes = [1], starts = [1], ends = [3]>(x)
      y, z = Split<axis = 1>(x)
    })"),
                                 18)),
             Contains("Split(x) {axis=1 num_outputs=2}"));
  converted(in_set(10, "net (float[2,2] x) => (float[3,2] y) { y = Pad<pads = [1,0,0,0], value = 2.5>(x) }"),
            13);
  converted(in_set(9, "net (float[2,5] x) => (float[2,3] y, int64[2,3] i) { y, i = TopK<k = 3>(x) }"), 21);
  converted(in_set(17,
                   "net (float[2,5] x) => (float[2,1] y, float[1,1] z) "
                   "{ y = ReduceMean<axes = [1]>(x) z = ReduceMax(x) }"),
            18);
}

TEST_CASE("equal new constants are one") {
  const ir::Model model = converted(in_set(11, R"(net (float[2] x) => (float[2] y) {
      a = Unsqueeze<axes = [0]>(x)
      b = Unsqueeze<axes = [0]>(a)
      c = Squeeze<axes = [0]>(b)
      y = Squeeze<axes = [0]>(c)
    })"),
                                    13);
  CHECK(std::ranges::count_if(model.graph().values(), [&](ir::ValueId id) {
          return model.graph().value(id).constant != nullptr;
        }) == 1);
}

// ONNX Runtime has no Clip of float64 before set 12, so there is nothing to compare with.
TEST_CASE("a bound that was the largest float32 stays one for float64") {
  const auto result =
      onnx::convert_opset(in_set(7, "net (double[2] x) => (double[2] y) { y = Clip<min = 0.0>(x) }"), 11);
  REQUIRE(result);
  CHECK_THAT(ir::print(*result), Equals("y = Clip(x, min[], max[])\n"));
  CHECK(to_dense(constant_named(*result, "max")).as<double>()[0] == 3.4028234663852886e38);
}

TEST_CASE("Softmax over several dimensions is flattened, over the last one it is not") {
  CHECK_THAT(
      ir::print(converted(in_set(11, "net (float[2,3,4] x) => (float[2,3,4] y) { y = Softmax(x) }"), 13)),
      Equals("y_shape = Shape(x)\nx_flat = Flatten(x) {axis=1}\ny_flat = Softmax(x_flat) {axis=-1}\n"
             "y = Reshape(y_flat, y_shape)\n"));
  CHECK_THAT(ir::print(converted(
                 in_set(11, "net (float[2,3,4] x) => (float[2,3,4] y) { y = LogSoftmax<axis = 2>(x) }"), 13)),
             Equals("y = LogSoftmax(x) {axis=-1}\n"));
  converted(in_set(11, "net (float[2,3,4] x) => (float[2,3,4] y) { y = Hardmax<axis = 0>(x) }"), 21);
}

TEST_CASE("Upsample becomes Resize with the same pixels") {
  for (const auto* mode : {"nearest", "linear"}) {
    converted(in_set(7, fmt::format("net (float[1,1,2,3] x) => (float[1,1,4,9] y) "
                                    "{{ y = Upsample<mode = \"{}\", scales = [1.0, 1.0, 2.0, 3.0]>(x) }}",
                                    mode)),
              19);
  }
}

TEST_CASE("BatchNormalization and Dropout at inference keep their meaning") {
  converted(in_set(7, R"(net (float[2,3] x, float[3] s, float[3] b, float[3] m) => (float[2,3] y) {
      n = BatchNormalization<spatial = 1>(x, s, b, m, m)
      y = Dropout<ratio = 0.3>(n)
    })"),
            22);
}

TEST_CASE("subgraphs are converted with the graph") {
  CHECK_THAT(ir::print(converted(in_set(11, R"(net (bool c, float[1,3] x) => (float[3] y) {
      y = If (c) <
        then_branch = g1 () => (float[3] t) { t = Squeeze<axes = [0]>(x) },
        else_branch = g2 () => (float[3] e) { s = Squeeze<axes = [0]>(x) e = Neg(s) }>
    })"),
                                 17)),
             Contains("t = Squeeze(x, axes)\n"));
}

TEST_CASE("functions are converted with the model") {
  const ir::Model model = parse_model(R"(
    <ir_version: 8, opset_import: ["" : 11, "f" : 1]>
    net (float[1,3] x) => (float[3] y) { y = f.flat(x) }
    <domain: "f", opset_import: ["" : 11]> flat (a) => (b) { b = Squeeze<axes = [0]>(a) })");
  const ir::Model result = converted(model, 17);
  ::onnx::ModelProto message;
  message.ParseFromString(onnx::write(result)->file.joined());
  REQUIRE(message.functions(0).node_size() == 2);
  CHECK(message.functions(0).node(0).op_type() == "Constant");
  CHECK(message.functions(0).opset_import(0).version() == 17);
}

TEST_CASE("weights of every form are shared with the model that was converted") {
  const ir::Model model = model_around({64, 64}, seeded_weights(64 * 64));
  const auto result = onnx::convert_opset(model, 21);
  REQUIRE(result);
  const auto& before = std::get<ir::Dense>(constant_named(model, "w").form).tensor;
  const auto& after = std::get<ir::Dense>(constant_named(*result, "w").form).tensor;
  CHECK(before.bytes().data() == after.bytes().data());
}

TEST_CASE("other domains stay, the same set changes nothing") {
  const ir::Model model = parse_model(R"(<ir_version: 8, opset_import: ["" : 17, "custom" : 3]>
    net (float[2] x) => (float[2] y) { t = custom.Clip<min = 0>(x) y = Relu(t) })");
  const auto raised = onnx::convert_opset(model, 21);
  REQUIRE(raised);
  CHECK(raised->opset("custom") == 3);
  CHECK_THAT(ir::print(*raised), Equals(ir::print(model)));
  const auto same = onnx::convert_opset(model, 17);
  REQUIRE(same);
  CHECK(same->edits() == model.edits());
}

TEST_CASE("downwards works where nothing newer is used") {
  converted(in_set(21, "net (float[2] x) => (float[2] y) { t = Relu(x) y = Identity(t) }"), 13);
  CHECK_THAT(
      refusal(in_set(21, "net (float[2] x) => (float[1] y) { y = ReduceMean(x) }"), 17),
      Contains("node ReduceMean of 'y': operator set 18 changed ReduceMean, and there is no way back"));
  CHECK_THAT(refusal(in_set(21, "net (float[2] x) => (float[2] y) { y = Gelu(x) }"), 17),
             Contains("operator set 17 has no operator Gelu"));
  CHECK_THAT(refusal(in_set(19, "net (float[2] x, float[2] z) => (bool[2] y) { y = Equal(x, z) }"), 7),
             Contains("downwards goes to 13 at the lowest"));
  CHECK_THAT(refusal(in_set(20, "net (int8[2] x) => (int8[2] y) { y = ReduceMax<keepdims = 0>(x) }"), 18),
             Equals("converted"));
  CHECK_THAT(refusal(in_set(20, "net (bool[2] x) => (bool[1] y) { y = ReduceMax(x) }"), 18),
             Contains("operator set 18 does not allow 'x' to be bool"));
  CHECK_THAT(
      refusal(in_set(19, "net (float[2] x, int64[2] p) => (y) { y = Pad<mode = \"wrap\">(x, p) }"), 18),
      Contains("no way back"));
}

TEST_CASE("what has no exact form in the new set is refused with the node and the reason") {
  struct Case {
    int opset;
    int target;
    const char* graph;
    const char* reason;
  };
  const Case cases[] = {
      {8, 13, "net (float[2] x) => (y) { y, mask = Dropout(x) z = Relu(mask) }", "its mask is used"},
      {7, 9, "net (float[2,3] x, float[3] s) => (y) { y = BatchNormalization<spatial = 0>(x, s, s, s, s) }",
       "spatial = 0"},
      {9, 14, "net (float[2,3] x, float[3] s) => (y, m) { y, m = BatchNormalization(x, s, s, s, s) }",
       "it is in training form"},
      {10, 13, "net (float[4] x, float[1] s) => (y) { y = Resize(x, s) }", "its scales are not known"},
      {10, 13, "net (float[4] x) => (y) <float[1] s = {0.5}> { y = Resize(x, s) }",
       "an image that it shrinks"},
      {10, 13, "net (float16[4] x) => (y) { y = Clip<max = 1.0>(x) }", "not known to be float32 or float64"},
      {17, 21, "net (float[4] x) => (y) { y = NoSuchThing(x) }", "has no operator NoSuchThing"},
      {17, 18, "net (float[4] x) => (y) { y = Relu<slope = 1.0>(x) }", "is no valid Relu of operator set 18"},
      {6, 13, "net (float[4] x) => (y) { y = Relu(x) }", "only models of the sets 7 to"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.graph);
    CHECK_THAT(refusal(in_set(c.opset, c.graph), c.target), Contains(c.reason));
  }
}

TEST_CASE("targets that do not exist are a usage error") {
  const ir::Model model = in_set(17, "net (float[2] x) => (y) { y = Relu(x) }");
  for (const std::int64_t target : {std::int64_t{0}, std::int64_t{6}, std::int64_t{99}}) {
    const auto result = onnx::convert_opset(model, target);
    REQUIRE_FALSE(result);
    CHECK(result.error().code() == ErrorCode::usage);
  }
}

}  // namespace pith::test
