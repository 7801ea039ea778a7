#include "ir/onnx/carriers.h"

#include <onnx/onnx_pb.h>

#include "ir/onnx/read.h"
#include "ir/onnx/write.h"
#include "ir/print.h"
#include "ir/rewriter.h"
#include "tests/support/catch.h"
#include "tests/support/pass_test.h"

namespace pith::test {

namespace onnx = ir::onnx;
using Catch::Matchers::Contains;
using ir::Affine, ir::Codebook, ir::Constant, ir::DType, ir::Tensor, ir::WeightForm;

namespace {

constexpr auto kNet = R"(
  net (float[2,3] x) => (float[2,4] y)
  <float[3,4] w = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}>
  { y = MatMul(x, w) })";

const ir::Constant& weight_of(const ir::Model& model) {
  const ir::Graph& graph = model.graph();
  return *graph.constant(graph.node(graph.nodes()[0]).input(1));
}

// The net with its weight in this form.
ir::Model with_form(WeightForm form) {
  ir::Model model = parse_model(kNet);
  const ir::Graph& graph = model.graph();
  const ir::ValueId weight = graph.node(graph.nodes()[0]).input(1);
  ir::Rewriter(model).set_constant(weight, Constant{DType::float32, {3, 4}, std::move(form), std::nullopt});
  return model;
}

std::string carried_by(const ir::Model& model) {
  const auto written = onnx::write(model, {.weights = onnx::Weights::carriers, .leave_out = {}});
  REQUIRE(written);
  return written->file.joined();
}

// Through a file with carriers: the form comes back, the values are equal bit for bit, and ONNX Runtime
// computes the same from the carriers as from plain values.
void check_round_trip(const WeightForm& form, const std::vector<std::string>& operators) {
  const ir::Model model = with_form(form);
  const std::string bytes = carried_by(model);
  ::onnx::ModelProto message;
  REQUIRE(message.ParseFromString(bytes));
  std::vector<std::string> found;
  for (const auto& node : message.graph().node()) found.push_back(node.op_type());
  CHECK(found == operators);

  const auto back = onnx::read(ir::Buffer::own(bytes));
  REQUIRE(back);
  CHECK(ir::print(*back) == ir::print(model));
  CHECK(same_bits(weight_of(*back), weight_of(model)));
  CHECK((onnx::write(*back)->file.joined() == onnx::write(model)->file.joined()));
  CHECK((carried_by(*back) == bytes));
}

Tensor codes(std::vector<std::int8_t> values) {
  return Tensor::of<std::int8_t>({3, 4}, std::move(values));
}
Tensor indices() {
  return Tensor::of<std::uint8_t>({3, 4}, {0, 1, 2, 3, 3, 2, 1, 0, 0, 0, 3, 3});
}

const std::vector<std::int8_t> kCodes{-8, 7, 1, 0, 2, 3, -4, 5, 6, -7, 0, 1};

}  // namespace

TEST_CASE("an affine constant with one scale is carried by Cast and Mul") {
  check_round_trip(Affine{codes(kCodes), Tensor::of<float>({}, {0.37F}), {}, 0, 0, 4},
                   {"Cast", "Mul", "MatMul"});
}

TEST_CASE("an affine constant with a scale a channel is carried by Cast and Mul") {
  check_round_trip(Affine{codes(kCodes), Tensor::of<float>({4}, {0.1F, 0.2F, 0.3F, 0.7F}), {}, 1, 0, 4},
                   {"Cast", "Mul", "MatMul"});
  check_round_trip(Affine{codes(kCodes), Tensor::of<float>({3}, {0.1F, 0.2F, 0.3F}), {}, 0, 0, 4},
                   {"Cast", "Mul", "MatMul"});
}

TEST_CASE("zero points are carried by Sub") {
  const Tensor unsigned_codes = Tensor::of<std::uint8_t>({3, 4}, {0, 255, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
  check_round_trip(
      Affine{unsigned_codes, Tensor::of<float>({4}, {0.1F, 0.2F, 0.3F, 0.7F}), {1, 128, 255, 0}, 1, 0, 8},
      {"Cast", "Sub", "Mul", "MatMul"});
}

TEST_CASE("blocked scales pass through Gather, also when the last block is ragged") {
  const Tensor scales = Tensor::of<float>({2, 4}, {0.1F, 0.2F, 0.3F, 0.4F, 0.5F, 0.6F, 0.7F, 0.8F});
  check_round_trip(Affine{codes(kCodes), scales, {}, 0, 2, 4}, {"Cast", "Gather", "Mul", "MatMul"});
}

TEST_CASE("a codebook is carried by Cast and Gather") {
  check_round_trip(Codebook{Tensor::of<float>({1, 4}, {-1.5F, 0, 0.1F, 2}), indices(), std::nullopt, 2},
                   {"Cast", "Gather", "MatMul"});
}

TEST_CASE("a codebook a channel is carried by Cast, Add and Gather") {
  std::vector<float> centroids;
  for (int i = 0; i < 16; ++i) centroids.push_back(static_cast<float>(i) * 0.3F - 2);
  check_round_trip(Codebook{Tensor::of<float>({4, 4}, centroids), indices(), 1, 2},
                   {"Cast", "Add", "Gather", "MatMul"});
}

TEST_CASE("carriers compute what plain values compute, bit for bit") {
  const Tensor unsigned_codes = Tensor::of<std::uint8_t>({3, 4}, {0, 255, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
  const ir::Model model = with_form(
      Affine{unsigned_codes, Tensor::of<float>({4}, {0.1F, 0.2F, 0.3F, 0.7F}), {1, 128, 255, 0}, 1, 0, 8});
  // Read without a chance to recognize the carriers: their Cast is renamed to an equal operator form.
  ::onnx::ModelProto message;
  REQUIRE(message.ParseFromString(carried_by(model)));
  auto* extra = message.mutable_graph()->add_output();  // a second reader keeps the nodes as they are
  extra->set_name(message.graph().node(0).output(0));
  const auto carried = onnx::read(ir::Buffer::own(message.SerializeAsString()));
  REQUIRE(carried);
  REQUIRE(carried->graph().nodes().size() == 4);
  ir::Model plain = with_form(ir::Dense{to_dense(weight_of(model))});
  // Same outputs in number: compare the first one only, through a model that drops the extra one.
  message.mutable_graph()->mutable_output()->RemoveLast();
  message.mutable_graph()->mutable_node(0)->set_name("kept");
  CHECK(largest_difference(*onnx::read(ir::Buffer::own(message.SerializeAsString())), plain) == 0);
}

TEST_CASE("nodes that only look like carriers stay as they are") {
  const auto operators = [](std::string_view text) { return ir::print(parse_model(text)); };
  SECTION("codes of another type") {
    CHECK_THAT(operators(R"(net (float[2] x) => (float[2] y) <int32[2] c = {1, 2}, float s = {0.5}> {
      f = Cast<to = 1>(c)
      w = Mul(f, s)
      y = Add(x, w) })"),
               Contains("Cast"));
  }
  SECTION("a second reader") {
    CHECK_THAT(operators(R"(net (float[2] x) => (float[2] y) <int8[2] c = {1, 2}, float s = {0.5}> {
      f = Cast<to = 1>(c)
      w = Mul(f, s)
      t = Add(f, w)
      y = Add(x, t) })"),
               Contains("Cast"));
  }
  SECTION("a scale that is not positive") {
    CHECK_THAT(operators(R"(net (float[2] x) => (float[2] y) <int8[2] c = {1, 2}, float s = {-0.5}> {
      f = Cast<to = 1>(c)
      w = Mul(f, s)
      y = Add(x, w) })"),
               Contains("Cast"));
  }
  SECTION("a scale that spreads the codes to another shape") {
    CHECK_THAT(
        operators(R"(net (float[3,2] x) => (float[3,2] y) <int8[1,2] c = {1, 2}, float[3,1] s = {1, 2, 3}> {
      f = Cast<to = 1>(c)
      w = Mul(f, s)
      y = Add(x, w) })"),
        Contains("Cast"));
  }
  SECTION("the graph returns the product") {
    CHECK_THAT(operators(R"(net () => (float[2] y) <int8[2] c = {1, 2}, float s = {0.5}> {
      f = Cast<to = 1>(c)
      y = Mul(f, s) })"),
               Contains("Cast"));
  }
  SECTION("an index past the end of the codebook") {
    CHECK_THAT(operators(R"(net (float[2] x) => (float[2] y) <uint8[2] c = {1, 2}, float[2] book = {0, 1}> {
      i = Cast<to = 6>(c)
      w = Gather(book, i)
      y = Add(x, w) })"),
               Contains("Gather"));
  }
}

TEST_CASE("without broadcasting, values are written plainly, and that is said") {
  ir::Model model = with_form(Affine{codes(kCodes), Tensor::of<float>({}, {0.37F}), {}, 0, 0, 4});
  model.opsets[0].second = 6;
  const auto written = onnx::write(model, {.weights = onnx::Weights::carriers, .leave_out = {}});
  REQUIRE(written);
  REQUIRE(written->notes.size() == 1);
  CHECK_THAT(written->notes[0], Contains("tensor 'w' is written as plain values"));
  const auto back = onnx::read(ir::Buffer::own(written->file.joined()));
  CHECK(std::holds_alternative<ir::Dense>(weight_of(*back).form));
}

TEST_CASE("a carrier keeps what the tensor carried") {
  ::onnx::ModelProto message;
  REQUIRE(message.ParseFromString(model_bytes(kNet)));
  message.mutable_graph()->mutable_initializer(0)->set_doc_string("a weight");
  ir::Model model = *onnx::read(ir::Buffer::own(message.SerializeAsString()));
  const ir::ValueId weight = model.graph().node(model.graph().nodes()[0]).input(1);
  ir::Rewriter(model).set_constant(weight,
                                   Constant{DType::float32,
                                            {3, 4},
                                            Affine{codes(kCodes), Tensor::of<float>({}, {0.5F}), {}, 0, 0, 4},
                                            std::nullopt});
  const auto back = onnx::read(ir::Buffer::own(carried_by(model)));
  REQUIRE(back);
  CHECK((onnx::write(*back)->file.joined() == onnx::write(model)->file.joined()));
}

}  // namespace pith::test
