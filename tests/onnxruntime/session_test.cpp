// loader/pith_onnxruntime.h: a session from a .pith file computes what one from the same .onnx file computes.
#include <pith_onnxruntime.h>

#include <random>

#include "codec/entropy_code.h"
#include "codec/pith_file.h"
#include "engine/ort.h"
#include "ir/onnx/write.h"
#include "quantize/quantize_weights.h"
#include "tests/support/catch.h"
#include "tests/support/pass_test.h"

namespace pith::test {
namespace {

struct Closer {
  void operator()(pith_file* file) const { pith_close(file); }
};
using Handle = std::unique_ptr<pith_file, Closer>;

Handle open(const std::string& bytes) {
  pith_file* file = nullptr;
  pith_message message{};
  const pith_status status = pith_open_memory(bytes.data(), bytes.size(), nullptr, &file, &message);
  INFO(message.text);
  REQUIRE(status == PITH_OK);
  return Handle(file);
}

// With or without a rearranged copy of weights, by which sums come out differently.
Ort::SessionOptions one_thread(const char* disable_prepacking = "1") {
  Ort::SessionOptions options;
  options.SetIntraOpNumThreads(1);
  options.AddConfigEntry("session.disable_prepacking", disable_prepacking);
  return options;
}

std::vector<float> run(Ort::Session& session, const std::vector<std::int64_t>& shape) {
  std::mt19937 random(7);
  std::size_t count = 1;
  for (const std::int64_t dim : shape) count *= static_cast<std::size_t>(dim);
  std::vector<float> input(count);
  for (float& value : input) value = static_cast<float>(random() % 2000) / 1000.0F - 1.0F;
  const auto memory = Ort::MemoryInfo::CreateCpu(OrtArenaAllocator, OrtMemTypeDefault);
  const Ort::Value x =
      Ort::Value::CreateTensor<float>(memory, input.data(), count, shape.data(), shape.size());
  const char* const in[] = {"x"};
  const char* const out[] = {"y"};
  const auto results = session.Run(Ort::RunOptions(), in, &x, 1, out, 1);
  const auto* values = results[0].GetTensorData<float>();
  return {values, values + results[0].GetTensorTypeAndShapeInfo().GetElementCount()};
}

// The weights of an initializer as text: sixteenths, so that their products are exact in any order.
std::string numbers(std::size_t count) {
  std::mt19937 random(3);
  std::string text;
  for (std::size_t i = 0; i < count; ++i)
    text += (i != 0 ? "," : "") + std::to_string(static_cast<int>(random() % 33) - 16) + ".0";
  return text;
}

// Weights that the runtime's optimizers read and replace: of a convolution, and transposed.
std::string model_text() {
  return "net (float[1,3,8,8] x) => (float[1,4] y) <float[16,3,3,3] k = {" + numbers(432) +
         "}, float[16] b = {" + numbers(16) + "}, float[16] m = {" + numbers(16) + "}, float[40,1024] t = {" +
         numbers(40960) + "}, float[40,4] u = {" + numbers(160) +
         "}, int64[2] s = {1, 1024}> {"
         "r = Conv<pads = [1,1,1,1]>(x, k, b) q = Relu(r) f = Reshape(q, s) w = Transpose<perm = [1,0]>(t) "
         "h = MatMul(f, w) y = MatMul(h, u) }";
}

TEST_CASE("a session from a .pith file computes what one from the same .onnx file computes") {
  const auto runtime = engine::Runtime::load();
  REQUIRE(runtime);
  const Ort::Env& env = runtime->library().env;
  ir::Model model = parse_model(model_text());
  const bool lossy = GENERATE(false, true);
  if (lossy) model = run_pass<quantize::QuantizeWeights>(model).after;
  model = run_pass<codec::EntropyCode>(model).after;
  const auto onnx = ir::onnx::write(model);
  REQUIRE(onnx);
  const auto pith = codec::to_pith(model);
  REQUIRE(pith);
  const std::string plain = onnx->file.joined();
  const std::string packed = pith->joined();

  const Ort::SessionOptions options = one_thread(GENERATE("0", "1"));
  Ort::Session expected(env, plain.data(), plain.size(), options);
  Handle file = open(packed);
  CHECK(pith_tensor_count(file.get()) >= 2);
  RuntimeSession session(env, file.get(), options);
  file.reset();  // not needed any more
  const std::vector<std::int64_t> shape{1, 3, 8, 8};
  const auto wanted = run(expected, shape);
  CHECK(wanted.size() == 4);
  CHECK(run(session.session(), shape) == wanted);
  CHECK(run(session.session(), shape) == wanted);
}

TEST_CASE("weights in a subgraph are used too") {
  const auto runtime = engine::Runtime::load();
  REQUIRE(runtime);
  const std::string weights = numbers(300);
  const auto pith = codec::to_pith(
      parse_model("net (float[1,300] x) => (float[1,1] y) <bool c = {1}, float[300,1] v = {" + weights +
                  "}> {"
                  "y = If(c) <then_branch = t () => (float[1,1] a) <float[300,1] w = {" +
                  weights +
                  "}> {"
                  "p = MatMul(x, w) q = MatMul(x, v) a = Add(p, q) }, else_branch = e () => (float[1,1] b) {"
                  "b = MatMul(x, v) }> }"));
  REQUIRE(pith);
  const std::string packed = pith->joined();
  const Handle file = open(packed);
  REQUIRE(pith_tensor_count(file.get()) == 2);
  std::size_t inside = 0;
  for (std::size_t i = 0; i < 2; ++i) {
    pith_tensor info{};
    info.struct_size = sizeof info;
    REQUIRE(pith_tensor_info(file.get(), i, &info, nullptr) == PITH_OK);
    inside += info.external_offset == PITH_ALWAYS_INSIDE ? 1 : 0;
  }
  CHECK(inside == 1);
  std::size_t size = 0;
  REQUIRE(pith_onnx_size(file.get(), nullptr, &size, nullptr) == PITH_OK);
  std::string plain(size, '\0');
  REQUIRE(pith_to_onnx(file.get(), nullptr, plain.data(), size, 1, nullptr) == PITH_OK);
  Ort::Session expected(runtime->library().env, plain.data(), plain.size(), one_thread());
  RuntimeSession session(runtime->library().env, file.get(), one_thread());
  CHECK(run(session.session(), {1, 300}) == run(expected, {1, 300}));
}

TEST_CASE("a model without stored tensors opens too") {
  const auto runtime = engine::Runtime::load();
  REQUIRE(runtime);
  const auto pith = codec::to_pith(parse_model("net (float[2] x) => (float[2] y) { y = Add(x, x) }"));
  REQUIRE(pith);
  const std::string packed = pith->joined();
  const Handle file = open(packed);
  CHECK(pith_tensor_count(file.get()) == 0);
  RuntimeSession session(runtime->library().env, file.get(), one_thread());
  CHECK(run(session.session(), {2}).size() == 2);
}

TEST_CASE("damaged weights are an exception with the library's code and sentence") {
  const auto runtime = engine::Runtime::load();
  REQUIRE(runtime);
  const auto pith = codec::to_pith(parse_model("net (float[1,300] x) => (float[1,1] y) <float[300,1] w = {" +
                                               numbers(300) + "}> { y = MatMul(x, w) }"));
  REQUIRE(pith);
  std::string packed = pith->joined();
  packed.back() = static_cast<char>(packed.back() ^ 1);
  const Handle file = open(packed);
  try {
    const RuntimeSession session(runtime->library().env, file.get(), one_thread());
    FAIL("it opened");
  } catch (const LoadError& error) {
    CHECK(error.status() == PITH_DAMAGED);
    CHECK(std::string(error.what()) == "PITH_DAMAGED: tensor 'w': its payload is damaged");
  }
}

}  // namespace
}  // namespace pith::test
