#include "codec/pith_file.h"

#include <random>

#include "codec/constant_coding.h"
#include "codec/entropy_code.h"
#include "ir/onnx/operators.h"
#include "ir/rewriter.h"
#include "tests/support/catch.h"
#include "tests/support/pass_test.h"

namespace pith::codec {
namespace {

// The model's .pith file in one piece.
Result<ir::Buffer> file_of(const ir::Model& model) {
  PITH_TRY(const ir::Pieces file, to_pith(model));
  return ir::Buffer::own(file.joined());
}

using Bytes = std::vector<std::uint8_t>;

// Two layers; the weight of the first is large enough to be stored apart.
constexpr std::string_view kModel = R"(
  net (float[1,32] x) => (float[1,8] z)
  <float[8] small = {1, 2, 3, 4, 5, 6, 7, 8}, int64[2] shape = {1, 8}> {
    y = Gemm(x, weight, small)
    z = Reshape(y, shape)
  })";

std::vector<float> random_weights(std::size_t count) {
  std::mt19937_64 random(5);
  std::normal_distribution<float> normal(0.0F, 0.1F);
  std::vector<float> weights(count);
  for (float& weight : weights) weight = normal(random);
  return weights;
}

template <class T>
std::vector<T> random_codes(std::size_t count, int low, int high) {
  std::mt19937_64 random(6);
  std::vector<T> codes(count);
  for (T& code : codes)
    code = static_cast<T>(low + static_cast<int>(random() % static_cast<unsigned>(high - low + 1)));
  return codes;
}

// The model above with this constant, float32 [32, 8], as its weight.
ir::Model model_with(ir::Constant constant) {
  std::string text(kModel);
  text.replace(
      text.find("int64[2] shape"), 0, "float[32,8] weight = {" + [] {
        std::string zeros = "0";
        for (int i = 1; i < 256; ++i) zeros += ", 0";
        return zeros;
      }() + "}, ");
  ir::Model model = test::parse_model(text);
  for (const ir::ValueId id : model.graph().values()) {
    if (model.graph().value(id).name == "weight") ir::Rewriter(model).set_constant(id, std::move(constant));
  }
  REQUIRE(ir::verify(model));
  return model;
}

ir::Constant with_form(ir::WeightForm form) {
  ir::Constant constant{
      .dtype = ir::DType::float32, .shape = {32, 8}, .form = std::move(form), .encoding = {}};
  REQUIRE(ir::check(constant));
  return constant;
}

std::vector<std::pair<std::string, ir::Constant>> all_forms() {
  using ir::Tensor;
  std::vector<std::pair<std::string, ir::Constant>> forms;
  const auto add = [&](std::string name, ir::WeightForm form) {
    forms.emplace_back(std::move(name), with_form(std::move(form)));
  };
  add("dense", ir::Dense{Tensor::of<float>({32, 8}, random_weights(256))});
  add("constant", ir::Dense{Tensor::of<float>({32, 8}, std::vector<float>(256, 0.5F))});
  add("sparse", ir::Sparse{Tensor::of<std::int64_t>({3}, {0, 100, 255}), Tensor::of<float>({3}, {1, -2, 3})});
  add("empty sparse", ir::Sparse{Tensor::of<std::int64_t>({0}, {}), Tensor::of<float>({0}, {})});
  for (int bits = 1; bits <= 8; ++bits) {
    const int half = 1 << (bits - 1);
    add("signed " + std::to_string(bits),
        ir::Affine{.codes = Tensor::of({32, 8}, random_codes<std::int8_t>(256, -half, half - 1)),
                   .scales = Tensor::of<float>({}, {0.25F}),
                   .zero_points = {},
                   .bits = bits});
    add("unsigned " + std::to_string(bits),
        ir::Affine{.codes = Tensor::of({32, 8}, random_codes<std::uint8_t>(256, 0, 2 * half - 1)),
                   .scales = Tensor::of<float>({8}, {1, 2, 3, 4, 5, 6, 7, 8}),
                   .zero_points = {half, half, half, half, half, half, 0, 1},
                   .axis = 1,
                   .bits = bits});
    add("codebook " + std::to_string(bits),
        ir::Codebook{.centroids = Tensor::of({1, 2 * half}, random_weights(2U * static_cast<unsigned>(half))),
                     .indices = Tensor::of({32, 8}, random_codes<std::uint8_t>(256, 0, 2 * half - 1)),
                     .axis = {},
                     .bits = bits});
  }
  add("blocks", ir::Affine{.codes = Tensor::of({32, 8}, random_codes<std::int8_t>(256, -8, 7)),
                           .scales = Tensor::of<float>({4, 8}, std::vector<float>(32, 0.5F)),
                           .zero_points = std::vector<std::int32_t>(32, -3),
                           .axis = 0,
                           .block = 10,
                           .bits = 4});
  add("codebook a channel",
      ir::Codebook{.centroids = Tensor::of({8, 3}, random_weights(24)),
                   .indices = Tensor::of({32, 8}, random_codes<std::uint8_t>(256, 0, 2)),
                   .axis = 1,
                   .bits = 2});
  return forms;
}

const ir::Constant& weight_of(const ir::Model& model) {
  for (const ir::ValueId id : model.graph().values()) {
    const ir::Value& value = model.graph().value(id);
    if (value.constant && value.name == "weight") return *value.constant;
  }
  throw InternalError("no weight");
}

ir::Model entropy_coded(ir::Model model) {
  return test::run_pass<EntropyCode>(model).after;
}

Bytes bytes_of(const ir::Buffer& file) {
  return {file.text().begin(), file.text().end()};
}

TEST_CASE("a model comes back from a file with every form of weights") {
  for (const auto& [name, constant] : all_forms()) {
    INFO(name);
    const ir::Model model = model_with(constant);
    const auto file = file_of(model);
    REQUIRE(file);
    const auto back = from_pith(*file);
    REQUIRE(back);
    CHECK(ir::verify(*back));
    CHECK(ir::same_bits(weight_of(*back), constant));
    CHECK(bytes_of(file_of(*back).value()) == bytes_of(*file));
  }
}

TEST_CASE("a model comes back from a file with every form of weights, entropy-coded") {
  for (const auto& [name, constant] : all_forms()) {
    INFO(name);
    const ir::Model plain = model_with(constant);
    const ir::Model coded = entropy_coded(plain);
    const auto file = file_of(coded);
    REQUIRE(file);
    CHECK(file->size() <= file_of(plain)->size());
    const auto back = from_pith(*file);
    REQUIRE(back);
    CHECK(ir::same_bits(weight_of(*back), constant));
    CHECK(weight_of(*back).encoding.has_value() == weight_of(coded).encoding.has_value());
    CHECK(bytes_of(file_of(*back).value()) == bytes_of(*file));
  }
}

TEST_CASE("a file computes what the model computed") {
  const ir::Model model = entropy_coded(model_with(all_forms().front().second));
  const auto back = from_pith(file_of(model).value());
  REQUIRE(back);
  CHECK(test::largest_difference(model, *back) == 0.0);
}

TEST_CASE("small tensors, shapes and strings stay inside of the graph") {
  const auto dense = [](ir::Tensor tensor) { return ir::Constant::dense(std::move(tensor)); };
  CHECK_FALSE(is_stored_apart(dense(ir::Tensor::of<float>({255}, std::vector<float>(255)))));
  CHECK(is_stored_apart(dense(ir::Tensor::of<float>({256}, std::vector<float>(256)))));
  CHECK_FALSE(is_stored_apart(dense(ir::Tensor::of<std::int64_t>({4}, {1, 2, 3, 4}))));
  CHECK_FALSE(
      is_stored_apart(dense(ir::Tensor::of_strings({1}, std::vector<std::string>{std::string(2000, 's')}))));
  CHECK_FALSE(
      is_stored_apart(dense(ir::Tensor::of<float>({1, 1, 1, 1, 1, 1, 1, 1, 300}, std::vector<float>(300)))));
  const ir::Constant nothing{
      .dtype = ir::DType::float32,
      .shape = {0, 8},
      .form = ir::Sparse{ir::Tensor::of<std::int64_t>({0}, {}), ir::Tensor::of<float>({0}, {})},
      .encoding = {}};
  CHECK_FALSE(is_stored_apart(nothing));
  const auto file = file_of(model_with(all_forms().front().second));
  REQUIRE(file);
  const Bytes bytes = bytes_of(*file);
  const auto container = loader::Container::open(bytes);
  REQUIRE(container);
  REQUIRE(container->tensors().size() == 1);
  CHECK(container->tensors()[0].name == "weight");
}

TEST_CASE("the operators of a model are in its file") {
  const Bytes bytes = bytes_of(file_of(model_with(all_forms().front().second)).value());
  const auto container = loader::Container::open(bytes);
  REQUIRE(container);
  REQUIRE(container->operators().size() == 2);
  CHECK(container->operators()[0] == "Gemm");
  CHECK(container->operators()[1] == "Reshape");
}

TEST_CASE("nodes that only the file has are among its operators") {
  const ir::Model model =
      test::parse_model("net (float[2] x) => (float[2] y, float[2] c) <float[2] c = {1, 2}> { y = Relu(x) }");
  const Bytes bytes = bytes_of(file_of(model).value());
  const auto container = loader::Container::open(bytes);
  REQUIRE(container);
  REQUIRE(container->operators().size() == 2);
  CHECK(container->operators()[0] == "Constant");
}

TEST_CASE("every change of one byte of a file is refused with a sentence") {
  const Bytes bytes = bytes_of(file_of(entropy_coded(model_with(all_forms().front().second))).value());
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    std::string changed(bytes.begin(), bytes.end());
    changed[at] = static_cast<char>(changed[at] ^ 0x10);
    const auto model = from_pith(ir::Buffer::own(std::move(changed)));
    if (model) FAIL("byte " << at);
    CHECK(model.error().code() == ErrorCode::model);
    CHECK_FALSE(model.error().message().empty());
  }
}

TEST_CASE("graph and tensors that do not belong together are refused") {
  const Bytes bytes = bytes_of(file_of(model_with(all_forms().front().second)).value());
  const auto container = loader::Container::open(bytes);
  REQUIRE(container);
  const Bytes graph = container->graph().value();
  const auto refused = [&](const std::vector<TensorToWrite>& tensors) {
    const auto file = write_container(graph, {"Gemm", "Reshape"}, tensors);
    REQUIRE(file);
    return !from_pith(ir::Buffer::own(file->joined())).has_value();
  };
  const auto weight = [](std::string name, ir::Shape shape) {
    return tensor_to_write(std::move(name),
                           ir::Constant::dense(ir::Tensor::of<float>(std::move(shape), random_weights(256))));
  };
  CHECK_FALSE(refused({weight("weight", {32, 8})}));
  CHECK(refused({}));
  CHECK(refused({weight("another", {32, 8})}));
  CHECK(refused({weight("weight", {8, 32})}));
  CHECK(refused({weight("weight", {32, 8}), weight("another", {32, 8})}));
  CHECK(refused({tensor_to_write("weight", ir::Constant::dense(ir::Tensor::of<std::int32_t>(
                                               {32, 8}, std::vector<std::int32_t>(256))))}));
}

TEST_CASE("a file that decodes to more than the limit is refused") {
  const auto file = file_of(model_with(all_forms().front().second));
  REQUIRE(file);
  CHECK(from_pith(*file));
  CHECK_FALSE(from_pith(*file, {.max_decoded_bytes = 1000}));
}

}  // namespace
}  // namespace pith::codec
