#include "search/sensitivity.h"

#include "tests/support/catch.h"
#include "tests/support/ideal_rate.h"
#include "tests/support/pass_test.h"
#include "tests/support/weight_model.h"

namespace pith::search {
namespace {

// The squared change of each weight, that of `a` ten times.
class FakeJudge final : public Judge {
 public:
  explicit FakeJudge(const ir::Model& original) : original_(original) {}

  [[nodiscard]] Result<double> divergence(const ir::Model& candidate) override {
    double sum = 0;
    for (const auto& [name, factor] : {std::pair{"a", 10.0}, std::pair{"b", 1.0}}) {
      const ir::Tensor before = to_dense(test::constant_named(original_, name));
      const ir::Tensor after = to_dense(test::constant_named(candidate, name));
      double error = 0;
      for (std::size_t i = 0; i < before.element_count(); ++i) {
        const auto change =
            static_cast<double>(before.as<float>()[i]) - static_cast<double>(after.as<float>()[i]);
        error += change * change;
      }
      changed += error > 0 ? 1 : 0;
      sum += factor * error;
    }
    ++asked;
    return sum;
  }
  [[nodiscard]] Result<Measured> metric(const ir::Model& candidate, Samples samples) override {
    CHECK(samples == Samples::all);
    PITH_TRY(const double lost, divergence(candidate));
    return Measured{.metric = 0.9 - lost, .original = 0.9};
  }
  [[nodiscard]] Result<std::uint64_t> bytes(const ir::Model&) override { return 0; }
  [[nodiscard]] std::uint64_t original_bytes() const override { return 0; }

  int asked = 0;
  int changed = 0;  // weights, over all calls

 private:
  ir::Model original_;
};

struct Measured {
  std::vector<Sensitivity> layers;
  int asked = 0;
  int changed = 0;
};

Measured measure(bool metric) {
  const auto list = [](unsigned seed) {
    std::string text;
    for (const float value : test::seeded_weights(std::size_t{16} * 16, seed))
      text += (text.empty() ? "" : ",") + std::to_string(value);
    return text;
  };
  const ir::Model model =
      test::parse_model("net (float[N,16] x) => (float[N,16] y) <float[16,16] a = {" + list(1) +
                        "}, float[16,16] b = {" + list(2) + "}> { h = MatMul(x, a) y = MatMul(h, b) }");
  const test::IdealRate rate;
  passes::PassContext context;
  context.rate = &rate;
  const auto quantizer = quantize::RdQuantizer::prepare(model, context);
  REQUIRE(quantizer);
  FakeJudge judge(model);
  auto measured =
      measure_sensitivities(*quantizer, model, judge, [](std::size_t) { return Result<void>(); }, metric);
  REQUIRE(measured);
  return {*std::move(measured), judge.asked, judge.changed};
}

TEST_CASE("sensitivity: each layer is rounded alone, and what it costs is its importance") {
  const Measured measured = measure(false);
  REQUIRE(measured.layers.size() == 2);
  CHECK(measured.changed == measured.asked);  // one weight at a time
  const double ratio = measured.layers[0].divergence / measured.layers[1].divergence;
  CHECK(ratio > 5);
  CHECK(ratio < 20);
  CHECK(measured.layers[0].plan.importance > 5 * measured.layers[1].plan.importance);
  for (const Sensitivity& layer : measured.layers) {
    CHECK(layer.bits > 3 * 256);  // a step of a quarter of the size: about four bits a weight
    CHECK(layer.bits < 6 * 256);
    CHECK_FALSE(layer.metric);
  }
}

TEST_CASE("sensitivity: the metric is that of the rounding that is chosen") {
  for (const Sensitivity& layer : measure(true).layers) {
    REQUIRE(layer.metric);
    CHECK(layer.metric->metric == 0.9 - layer.divergence);
  }
}

}  // namespace
}  // namespace pith::search
