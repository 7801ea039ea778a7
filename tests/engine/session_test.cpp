#include "engine/session.h"

#include <unistd.h>

#include <cstdio>
#include <memory>

#include "tests/support/catch.h"
#include "tests/support/pass_test.h"

namespace pith::engine {
namespace {

Result<Session> session(std::string_view bytes, const SessionOptions& options = {}) {
  const auto runtime = Runtime::load();
  REQUIRE(runtime);
  return Session::create(*runtime, std::as_bytes(std::span(bytes)), options);
}

TEST_CASE("session: declares inputs and outputs, and runs") {
  const std::string model = test::model_bytes(
      "net (float[N,2] x, int64 k) => (float[N,2] y, int64 m) "
      "{ two = Constant<value = float {2}>() y = Mul(x, two) m = Add(k, k) }");
  for (const bool optimize : {true, false}) {
    const auto made = session(model, {.threads = 2, .optimize = optimize});
    REQUIRE(made);
    CHECK(made->inputs().at(0).name == "x");
    CHECK(made->inputs().at(0).shape == ir::Shape{-1, 2});
    CHECK(describe(made->inputs().at(0)) == "float32 [?,2]");
    CHECK(made->inputs().at(1).dtype == ir::DType::int64);
    const std::vector<NamedTensor> inputs{{"k", ir::Tensor::of<std::int64_t>({}, {21})},
                                          {"x", ir::Tensor::of<float>({2, 2}, {1, 2, 3, -4})}};
    const auto outputs = made->run(inputs);
    REQUIRE(outputs);
    CHECK(outputs->at(0).name == "y");
    CHECK(std::ranges::equal(outputs->at(0).tensor.as<float>(), std::vector<float>{2, 4, 6, -8}));
    CHECK(outputs->at(1).tensor.as<std::int64_t>()[0] == 42);
    const std::vector<std::string> wanted{"m"};
    CHECK(made->run(inputs, wanted)->size() == 1);
  }
}

TEST_CASE("session: what ONNX Runtime refuses is an error of one line") {
  const auto check = [](const Error& error) {
    CHECK(error.code() == ErrorCode::model);
    CHECK(error.message().find('\n') == std::string::npos);
    CHECK(error.message().find("_src/") == std::string::npos);
  };
  const auto garbage = session("this is no model");
  REQUIRE_FALSE(garbage);
  check(garbage.error());
  const auto empty = session("");
  REQUIRE_FALSE(empty);
  check(empty.error());
  const auto unknown =
      session(test::model_bytes("net (float[1] x) => (float[1] y) { y = NoSuchOperator(x) }"));
  REQUIRE_FALSE(unknown);
  check(unknown.error());
  CHECK_THAT(unknown.error().message(), Catch::Contains("NoSuchOperator"));
}

TEST_CASE("session: ONNX Runtime writes nothing to stderr") {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> caught(std::tmpfile(), std::fclose);
  REQUIRE(caught);
  const int saved = ::dup(STDERR_FILENO);
  ::dup2(::fileno(caught.get()), STDERR_FILENO);
  // Warns of the unused weight when it is made, and of the failed node when it is run.
  const auto warned = session(test::model_bytes(
      "net (float[N] x, int64[1] s) => (float[M] y) <float[1] unused = {1}> { y = Reshape(x, s) }"));
  const bool failed =
      warned && !warned->run(std::vector<NamedTensor>{{"x", ir::Tensor::of<float>({2}, {1, 2})},
                                                      {"s", ir::Tensor::of<std::int64_t>({1}, {5})}});
  ::dup2(saved, STDERR_FILENO);
  ::close(saved);
  CHECK(failed);
  std::fseek(caught.get(), 0, SEEK_END);
  CHECK(std::ftell(caught.get()) == 0);
}

TEST_CASE("session: wrong inputs are errors") {
  const auto made = session(test::model_bytes("net (float[2] x) => (float[2] y) { y = Relu(x) }"));
  REQUIRE(made);
  const auto fails = [&](const std::vector<NamedTensor>& inputs) {
    const auto outputs = made->run(inputs);
    return !outputs && outputs.error().code() == ErrorCode::model;
  };
  CHECK(fails({}));
  CHECK(fails({{"z", ir::Tensor::of<float>({2}, {1, 2})}}));
  CHECK(fails({{"x", ir::Tensor::of<double>({2}, {1, 2})}}));
  CHECK(fails({{"x", ir::Tensor::of<float>({3}, {1, 2, 3})}}));
  const std::vector<std::string> texts{"a", "b"};
  CHECK(fails({{"x", ir::Tensor::of_strings({2}, texts)}}));
}

TEST_CASE("session: empty tensors pass through") {
  const auto made = session(test::model_bytes("net (float[N] x) => (float[N] y) { y = Relu(x) }"));
  REQUIRE(made);
  const auto outputs = made->run(std::vector<NamedTensor>{{"x", ir::Tensor::of<float>({0}, {})}});
  REQUIRE(outputs);
  CHECK(outputs->at(0).tensor.shape() == ir::Shape{0});
}

}  // namespace
}  // namespace pith::engine
