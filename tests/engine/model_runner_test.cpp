#include "engine/model_runner.h"

#include "tests/support/catch.h"
#include "tests/support/pass_test.h"

namespace pith::engine {
namespace {

TEST_CASE("model runner: computes on tensors in order of the inputs, as often as it is asked") {
  const ir::Model model = test::parse_model(
      "net (float[2] a, float[2] b) => (float[2] y, float[2] z)"
      "{ z = Mul(a, b) y = Sub(a, b) }");
  OnnxRunner runner({});
  for (int i = 0; i < 2; ++i) {
    const std::vector inputs{ir::Tensor::of<float>({2}, {1, 2}), ir::Tensor::of<float>({2}, {3, 5})};
    const auto outputs = runner.run(model, inputs);
    REQUIRE(outputs);
    REQUIRE(outputs->size() == 2);
    CHECK(std::ranges::equal((*outputs)[0].as<float>(), std::vector<float>{-2, -3}));
    CHECK(std::ranges::equal((*outputs)[1].as<float>(), std::vector<float>{3, 10}));
  }
}

TEST_CASE("model runner: what the runtime refuses is an error of the model") {
  const ir::Model model = test::parse_model("net (float[2] a) => (y) { y = com.example.Unknown(a) }");
  OnnxRunner runner({});
  const std::vector inputs{ir::Tensor::of<float>({2}, {1, 2})};
  const auto outputs = runner.run(model, inputs);
  REQUIRE_FALSE(outputs);
  CHECK(outputs.error().code() == ErrorCode::model);
}

}  // namespace
}  // namespace pith::engine
