#include "engine/activations.h"

#include "tests/support/catch.h"
#include "tests/support/pass_test.h"

namespace pith::engine {
namespace {

OnnxActivations synthetic(std::uint64_t samples, std::uint64_t most, unsigned threads) {
  const auto spec = DatasetSpec::parse("synthetic:n=" + std::to_string(samples));
  REQUIRE(spec);
  auto data = Dataset::open(*spec);
  REQUIRE(data);
  const auto runtime = Runtime::load();
  REQUIRE(runtime);
  return {*runtime, *std::move(data), most, threads};
}

// The first output of the node that makes the first output.
std::vector<float> seen(OnnxActivations activations, std::size_t stop_after = 100000) {
  const ir::Model model = test::parse_model("net (float[N,3] x) => (float[N,3] y) { h = Neg(x) y = Exp(h) }");
  const ir::NodeId last = model.graph().producer(model.graph().outputs()[0]);
  const std::vector<ir::ValueId> values{model.graph().node(last).inputs[0]};
  std::vector<float> all;
  const auto done = activations.visit(model, values, [&](std::span<const ir::Tensor> batch) -> Result<void> {
    if (all.size() >= stop_after) return fail(ErrorCode::interrupted, "enough");
    const auto part = batch[0].as<float>();
    all.insert(all.end(), part.begin(), part.end());
    return {};
  });
  CHECK(done.has_value() == (stop_after == 100000));
  return all;
}

TEST_CASE("activations: every sample once, in order, at any number of threads") {
  const auto one = seen(synthetic(300, 0, 1));
  CHECK(one.size() == 900);
  CHECK(one == seen(synthetic(300, 0, 3)));
}

TEST_CASE("activations: the first samples only, and a visitor may stop") {
  const auto all = seen(synthetic(300, 0, 1));
  const auto some = seen(synthetic(300, 7, 1));
  CHECK(some == std::vector<float>(all.begin(), all.begin() + 21));
  CHECK(seen(synthetic(300, 0, 1), 1).size() < 900);
}

TEST_CASE("activations: values that are no tensors are refused") {
  const ir::Model model = test::parse_model(
      "net (float[N,2] x) => (float[N,2] y)"
      "{ s = SequenceConstruct(x, x) i = Constant<value_int = 0>() y = SequenceAt(s, i) }");
  const ir::NodeId last = model.graph().producer(model.graph().outputs()[0]);
  auto activations = synthetic(4, 0, 1);
  const auto done = activations.visit(model, std::vector{model.graph().node(last).inputs[0]},
                                      [](std::span<const ir::Tensor>) -> Result<void> { return {}; });
  REQUIRE_FALSE(done);
  CHECK(done.error().code() == ErrorCode::model);
}

}  // namespace
}  // namespace pith::engine
