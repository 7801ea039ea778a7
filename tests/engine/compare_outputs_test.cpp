#include "engine/compare_outputs.h"

#include <cmath>

#include "tests/support/catch.h"
#include "tests/support/pass_test.h"

namespace pith::engine {
namespace {

Result<OutputComparison> compared(const std::string& a, const std::string& b,
                                  const CompareOptions& options = {}) {
  const auto runtime = Runtime::load();
  REQUIRE(runtime);
  const auto data = Dataset::open(*DatasetSpec::parse("synthetic:n=200,size=3"));
  REQUIRE(data);
  const std::string first = test::model_bytes(a);
  const std::string second = test::model_bytes(b);
  return compare_outputs(*runtime, std::as_bytes(std::span(first)), std::as_bytes(std::span(second)), *data,
                         options);
}

OutputComparison outputs(const std::string& a, const std::string& b, const CompareOptions& options = {}) {
  auto result = compared(a, b, options);
  if (!result) FAIL(result.error().message());
  return *std::move(result);
}

const std::string kOne = "net (float[N,2] x) => (float[N,2] y) { y = Identity(x) }";

TEST_CASE("compare outputs: equal, scaled and opposite") {
  const auto equal = outputs(kOne, kOne, {.optimize = false});
  REQUIRE(equal.outputs.size() == 1);
  CHECK(equal.samples == 200);
  CHECK(equal.outputs[0].name == "y");
  CHECK(equal.outputs[0].difference.equal);
  CHECK(equal.outputs[0].difference.elements == 400);
  CHECK(equal.outputs[0].agreement == 1.0);

  const auto scaled =
      outputs(kOne, "net (float[N,2] x) => (float[N,2] y) <float c = {1.5}> { y = Mul(x, c) }");
  CHECK(std::abs(scaled.outputs[0].difference.relative() - 0.5) < 1e-6);
  CHECK(std::abs(*scaled.outputs[0].difference.sqnr_db() - 10 * std::log10(4.0)) < 1e-5);
  CHECK(scaled.outputs[0].agreement == 1.0);

  const auto opposite = outputs(kOne, "net (float[N,2] x) => (float[N,2] y) { y = Neg(x) }");
  CHECK(opposite.outputs[0].agreement == 0.0);
}

TEST_CASE("compare outputs: the same at any number of threads, and on the first samples only") {
  const std::string other = "net (float[N,2] x) => (float[N,2] y) <float c = {1.1}> { y = Mul(x, c) }";
  const auto one = outputs(kOne, other);
  const auto many = outputs(kOne, other, {.threads = 7});
  CHECK(one.outputs[0].difference.noise == many.outputs[0].difference.noise);
  CHECK(one.outputs[0].difference.max_abs == many.outputs[0].difference.max_abs);
  CHECK(outputs(kOne, other, {.max_samples = 10}).samples == 10);
}

TEST_CASE("compare outputs: matched by name, then by order") {
  const auto swapped =
      outputs("net (float[N,2] x) => (float[N,2] y, float[N,2] z) { y = Identity(x) z = Neg(x) }",
              "net (float[N,2] x) => (float[N,2] z, float[N,2] y) { y = Identity(x) z = Neg(x) }");
  CHECK(swapped.outputs[0].other == "y");
  CHECK(swapped.outputs[0].difference.equal);
  CHECK(swapped.outputs[1].difference.equal);
  const auto renamed = outputs(kOne, "net (float[N,2] a) => (float[N,2] b) { b = Identity(a) }");
  CHECK(renamed.outputs[0].other == "b");
  CHECK(renamed.outputs[0].difference.equal);
}

TEST_CASE("compare outputs: what is not compared says why") {
  const auto more =
      outputs(kOne, "net (float[N,2] x) => (float[N,2] z, float[N,2] y) { y = Identity(x) z = Neg(x) }");
  REQUIRE(more.outputs.size() == 2);
  CHECK(more.outputs[0].not_compared.empty());
  CHECK(more.outputs[1].other == "z");
  CHECK(more.outputs[1].not_compared == "only the second model has it");
  CHECK(outputs("net (float[N,2] x) => (float[N,2] z, float[N,2] y) { y = Identity(x) z = Neg(x) }", kOne)
            .outputs[0]
            .not_compared == "only the first model has it");
  const auto shapes =
      outputs(kOne, "net (float[N,2] x) => (float[A,B] y) <int64[2] s = {2,-1}> { y = Reshape(x, s) }");
  CHECK_THAT(shapes.outputs[0].not_compared, Catch::Contains("its shapes are"));
  const auto text = outputs(kOne, "net (float[N,2] x) => (string[N,2] y) { y = Cast<to=8>(x) }");
  CHECK(text.outputs[0].not_compared == "string [?,2] is not compared");
}

TEST_CASE("compare outputs: what is refused") {
  const auto wrong = compared(kOne, "net (float[3,2] x) => (float[3,2] y) { y = Identity(x) }");
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().code() == ErrorCode::data);
  CHECK_THAT(wrong.error().message(), Catch::Contains("different sizes"));
  const auto foreign = compared(kOne,
                                "<ir_version: 8, opset_import: [\"\" : 17, \"some.where\" : 1]> "
                                "net (float[N,2] x) => (float[N,2] y) { y = some.where.Mix(x) }");
  REQUIRE_FALSE(foreign);
  CHECK(foreign.error().code() == ErrorCode::model);
  CHECK_THAT(foreign.error().message(), Catch::Contains("the second model"));
  const auto stopped = compared(kOne, kOne, {.cancelled = [] { return true; }});
  REQUIRE_FALSE(stopped);
  CHECK(stopped.error().code() == ErrorCode::interrupted);
}

}  // namespace
}  // namespace pith::engine
