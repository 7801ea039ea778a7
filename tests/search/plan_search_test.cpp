#include "search/plan_search.h"

#include <cmath>

#include "tests/support/catch.h"
#include "tests/support/ideal_rate.h"
#include "tests/support/pass_test.h"
#include "tests/support/weight_model.h"

namespace pith::search {
namespace {

using test::constant_named;

using Rate = test::IdealRate;

// Two weights; errors of the first count a hundred times as much.
ir::Model two_layers(const std::vector<float>& first) {
  const auto list = [](const std::vector<float>& values) {
    std::string text;
    for (const float value : values) text += (text.empty() ? "" : ",") + std::to_string(value);
    return text;
  };
  return test::parse_model("net (float[N,64] x) => (float[N,64] y) <float[64,64] a = {" + list(first) +
                           "}, float[64,64] b = {" + list(test::seeded_weights(std::size_t{64} * 64, 2)) +
                           "}> { h = MatMul(x, a) y = MatMul(h, b) }");
}

ir::Model two_layers() {
  return two_layers(test::seeded_weights(std::size_t{64} * 64, 1));
}

class FakeJudge final : public Judge {
 public:
  explicit FakeJudge(const ir::Model& original) : original_(original) {}

  [[nodiscard]] double error(const ir::Model& candidate) const {
    double sum = 0;
    for (const auto& [name, weight] : {std::pair{"a", 100.0}, std::pair{"b", 1.0}}) {
      const ir::Tensor before = to_dense(constant_named(original_, name));
      const ir::Tensor after = to_dense(constant_named(candidate, name));
      for (std::size_t i = 0; i < before.element_count(); ++i) {
        const double difference =
            static_cast<double>(before.as<float>()[i]) - static_cast<double>(after.as<float>()[i]);
        sum += weight * difference * difference;
      }
    }
    return sum;
  }
  [[nodiscard]] Result<double> divergence(const ir::Model& candidate) override { return error(candidate); }
  [[nodiscard]] Result<Measured> metric(const ir::Model& candidate, Samples samples) override {
    if (samples == Samples::held_out) {
      ++looks;
      return Measured{.metric = 0.9 - penalty * error(candidate) / 1000, .original = 0.9};
    }
    if (samples == Samples::all) {
      ++all;
      return Measured{.metric = 0.9 - error(candidate) / 1000, .original = 0.9};
    }
    ++some;
    return Measured{.metric = 0.9 - optimism * error(candidate) / 1000, .original = 0.9, .estimated = true};
  }
  [[nodiscard]] Result<std::uint64_t> bytes(const ir::Model& candidate) override {
    double bits = 0;
    for (const char* name : {"a", "b"}) {
      if (const auto* book = std::get_if<ir::Codebook>(&constant_named(candidate, name).form)) {
        bits += static_cast<double>(book->bits) * 64 * 64;  // at most
        continue;
      }
      const auto* form = std::get_if<ir::Affine>(&constant_named(candidate, name).form);
      if (form == nullptr) return original_bytes();
      std::vector<std::uint64_t> counts(255);
      for (const std::int8_t code : form->codes.as<std::int8_t>())
        ++counts[static_cast<std::size_t>(code + 127)];
      const auto costs = Rate().bits(counts);
      for (const std::int8_t code : form->codes.as<std::int8_t>())
        bits += static_cast<double>(costs[static_cast<std::size_t>(code + 127)]);
    }
    return static_cast<std::uint64_t>(bits / 8);
  }
  [[nodiscard]] std::uint64_t original_bytes() const override { return std::uint64_t{2} * 64 * 64 * 4; }

  [[nodiscard]] bool holds_out() const override { return penalty > 0; }

  double optimism = 1;  // what estimates see of an error
  double penalty = 0;   // by which errors cost more on the samples held out; 0: there are none
  int looks = 0;
  int some = 0;
  int all = 0;

 private:
  ir::Model original_;
};

Found search(FakeJudge& judge, const ir::Model& model, const std::vector<std::string>& texts,
             int rounds = 1) {
  const Rate rate;
  passes::PassContext context;
  context.rate = &rate;
  const auto quantizer = quantize::RdQuantizer::prepare(model, context);
  REQUIRE(quantizer);
  std::vector<Budget> budgets;
  for (const std::string& text : texts) budgets.push_back(*Budget::parse(text));
  SearchOptions options;
  options.rounds = rounds;
  auto found = search_plan(*quantizer, model, judge, budgets, options);
  REQUIRE(found);
  return *std::move(found);
}

TEST_CASE("plan search: the budget holds on all samples, and the sensitive layer gets the bits") {
  const ir::Model model = two_layers();
  FakeJudge judge(model);
  const Found found = search(judge, model, {"drop=1pt"});
  CHECK(found.holds);
  CHECK(found.cost.metric >= 0.89 - 1e-9);
  CHECK(found.cost.metric < 0.895);  // not much finer than it has to be
  CHECK(judge.all > 0);
  REQUIRE(found.layers.size() == 2);
  CHECK(found.layers[0].sensitivity > 50 * found.layers[1].sensitivity);
  CHECK(found.layers[0].step < found.layers[1].step / 5);
  CHECK(found.layers[0].bits_per_weight > found.layers[1].bits_per_weight + 2);
  CHECK(found.cost.bytes == *judge.bytes(found.model));
  CHECK(ir::verify(found.model));
}

TEST_CASE(
    "plan search: a looser budget costs fewer bytes, and single layers are never worse than one step for "
    "all") {
  const ir::Model model = two_layers();
  FakeJudge judge(model);
  const Found tight = search(judge, model, {"drop=0.2pt"});
  const Found loose = search(judge, model, {"drop=2pt"});
  CHECK(loose.cost.bytes < tight.cost.bytes);
  CHECK(tight.cost.bytes <= search(judge, model, {"drop=0.2pt"}, 0).cost.bytes);
}

TEST_CASE("plan search: a layer of values around a few that no grid has gets a codebook, others do not") {
  const std::array<float, 4> few{-0.8414F, -0.1411F, 0.4121F, 0.9093F};
  std::vector<float> weights(std::size_t{64} * 64);
  const std::vector<float> noise = test::seeded_weights(weights.size(), 5);
  for (std::size_t i = 0; i < weights.size(); ++i) weights[i] = few.at(i * 7 % 13 % 4) + 0.003F * noise[i];
  const ir::Model model = two_layers(weights);
  FakeJudge judge(model);
  const Found found = search(judge, model, {"drop=0.3pt"});
  CHECK(found.holds);
  CHECK(found.layers[0].shared_values == 4);
  CHECK(found.layers[0].step == 0);
  CHECK(found.layers[0].bits_per_weight < 2.1);
  CHECK(std::holds_alternative<ir::Codebook>(constant_named(found.model, "a").form));
  CHECK(found.layers[1].shared_values == 0);
  CHECK(found.layers[1].step > 0);
  CHECK(ir::verify(found.model));
  CHECK(search(judge, model, {"drop=0.3pt"}, 0).layers[0].shared_values == 0);
}

TEST_CASE("plan search: a budget of bytes takes the finest plan that fits") {
  const ir::Model model = two_layers();
  FakeJudge judge(model);
  for (const std::string text : {"ratio=8x", "size=3000"}) {
    const Found found = search(judge, model, {text});
    CHECK(found.holds);
    CHECK(found.cost.bytes > found.cost.original_bytes / 16);
    CHECK(holds(*Budget::parse(text), found.cost));
  }
}

// What a model multiplies, the same for every value.
class Inputs final : public passes::Activations {
 public:
  Result<void> visit(const ir::Model&, std::span<const ir::ValueId> values, const Visit& visit) override {
    const auto tensor = ir::Tensor::of<float>({64, 64}, test::seeded_weights(std::size_t{64} * 64, 9));
    return visit(std::vector<ir::Tensor>(values.size(), tensor));
  }
};

// Every output channel counts by the error of its weights relative to their size; a limit says from where on
// it is lost.
class ChannelJudge final : public Judge {
 public:
  explicit ChannelJudge(const ir::Model& original) : original_(original) {}

  [[nodiscard]] double lost(const ir::Model& candidate) const {
    const ir::Tensor before = to_dense(constant_named(original_, "w"));
    const ir::Tensor after = to_dense(constant_named(candidate, "w"));
    double worst = 0;
    for (std::size_t column = 0; column < 64; ++column) {
      double error = 0;
      double power = 0;
      for (std::size_t i = column; i < std::size_t{64} * 64; i += 64) {
        const auto value = static_cast<double>(before.as<float>()[i]);
        error += std::pow(value - static_cast<double>(after.as<float>()[i]), 2);
        power += value * value;
      }
      worst = std::max(worst, error / power);
    }
    return worst;
  }
  // Of the whole, so that nothing steers towards scaled rows.
  [[nodiscard]] Result<double> divergence(const ir::Model& candidate) override {
    return std::get_if<ir::Affine>(&constant_named(candidate, "w").form) == nullptr ? 0.0 : 1.0;
  }
  [[nodiscard]] Result<Measured> metric(const ir::Model& candidate, Samples) override {
    return Measured{.metric = lost(candidate) < 0.1 ? 0.9 : 0.1, .original = 0.9};
  }
  [[nodiscard]] Result<std::uint64_t> bytes(const ir::Model&) override { return 1000; }
  [[nodiscard]] std::uint64_t original_bytes() const override { return 16384; }

 private:
  ir::Model original_;
};

TEST_CASE("plan search: where the finest step a tensor does not hold, steps a channel are tried") {
  std::vector<float> weights = test::seeded_weights(std::size_t{64} * 64, 3);
  for (std::size_t i = 0; i < weights.size(); i += 64) weights[i] *= 0.001F;
  const ir::Model model = test::model_around({64, 64}, weights);
  ChannelJudge judge(model);
  const Rate rate;
  Inputs inputs;
  passes::PassContext context;
  context.rate = &rate;
  context.activations = &inputs;
  const auto quantizer = quantize::RdQuantizer::prepare(model, context);
  REQUIRE(quantizer);
  SearchOptions options;
  options.rounds = 0;
  const auto found = search_plan(*quantizer, model, judge, {*Budget::parse("drop=1pt")}, options);
  REQUIRE(found);
  CHECK(found->holds);
  CHECK(found->layers.at(0).channel_scales);
}

TEST_CASE("plan search: what holds on some samples only is taken back") {
  const ir::Model model = two_layers();
  for (const double optimism : {0.8, 0.5, 0.0}) {
    CAPTURE(optimism);
    FakeJudge judge(model);
    judge.optimism = optimism;
    const Found found = search(judge, model, {"drop=1pt"});
    CHECK(found.holds);
    CHECK(found.cost.metric >= 0.89 - 1e-9);
    CHECK(found.cost.metric == 0.9 - judge.error(found.model) / 1000);
  }
}

TEST_CASE("plan search: a search looks at all samples far more seldom than at some") {
  const ir::Model model = two_layers();
  FakeJudge judge(model);
  const Found found = search(judge, model, {"drop=1pt"}, 2);
  CHECK(found.holds);
  CHECK(judge.all <= 6);
  CHECK(judge.some > 2 * judge.all);
}

TEST_CASE("plan search: where bytes alone are bounded, quality is measured once it is over") {
  const ir::Model model = two_layers();
  FakeJudge judge(model);
  CHECK(search(judge, model, {"ratio=8x"}).holds);
  CHECK(judge.some == 0);
}

TEST_CASE("plan search: budgets that exclude each other do not hold") {
  const ir::Model model = two_layers();
  FakeJudge judge(model);
  CHECK_FALSE(search(judge, model, {"drop=0.001pt", "ratio=100x"}).holds);
}

TEST_CASE("plan search: samples held out are looked at once where the plan holds there") {
  const ir::Model model = two_layers();
  FakeJudge judge(model);
  const Found without = search(judge, model, {"drop=1pt"});
  CHECK(judge.looks == 0);
  CHECK(without.looks == 0);
  judge.penalty = 0.5;
  const Found found = search(judge, model, {"drop=1pt"});
  CHECK(found.holds);
  CHECK(found.looks == 1);
  CHECK(judge.looks == 1);
  CHECK(found.cost.bytes == without.cost.bytes);
  CHECK(found.cost.metric > without.cost.metric);  // on the samples held out
}

TEST_CASE("plan search: a plan that fails on samples held out makes way for a finer one, a few times") {
  const ir::Model model = two_layers();
  FakeJudge judge(model);
  const Found without = search(judge, model, {"drop=1pt"});
  judge.penalty = 1.5;
  const Found finer = search(judge, model, {"drop=1pt"});
  CHECK(finer.holds);
  CHECK(finer.looks > 1);
  CHECK(finer.cost.bytes > without.cost.bytes);
  CHECK(finer.cost.metric >= 0.89 - 1e-9);
  judge.looks = 0;
  judge.penalty = 1000;
  const Found failed = search(judge, model, {"drop=1pt"});
  CHECK_FALSE(failed.holds);
  CHECK(failed.looks == 4);
  CHECK(judge.looks == 4);
  judge.looks = 0;
  CHECK_FALSE(search(judge, model, {"drop=0.001pt", "ratio=100x"}).holds);
  CHECK(judge.looks == 1);  // what did not hold in the search is not made finer
}

TEST_CASE("plan search: equal runs find equal plans") {
  const ir::Model model = two_layers();
  FakeJudge judge(model);
  const Found a = search(judge, model, {"drop=1pt"});
  const Found b = search(judge, model, {"drop=1pt"});
  for (const char* name : {"a", "b"})
    CHECK(same_bits(constant_named(a.model, name), constant_named(b.model, name)));
}

TEST_CASE("plan search: a stop is an error") {
  const ir::Model model = two_layers();
  FakeJudge judge(model);
  const Rate rate;
  passes::PassContext context;
  context.rate = &rate;
  const auto quantizer = quantize::RdQuantizer::prepare(model, context);
  REQUIRE(quantizer);
  SearchOptions options;
  options.keep_going = []() -> Result<void> { return fail(ErrorCode::interrupted, "stopped"); };
  const auto found = search_plan(*quantizer, model, judge, {*Budget::parse("drop=1pt")}, options);
  REQUIRE_FALSE(found);
  CHECK(found.error().code() == ErrorCode::interrupted);
}

}  // namespace
}  // namespace pith::search
