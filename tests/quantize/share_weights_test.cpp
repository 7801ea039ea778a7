#include "quantize/share_weights.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "passes/registry.h"
#include "passes/services.h"
#include "prune/prune.h"
#include "quantize/list.h"
#include "tests/quantize/edge_weights.h"
#include "tests/support/catch.h"
#include "tests/support/pass_test.h"

using namespace pith;
using quantize::ShareWeights;
using test::constant_named, test::model_around, test::run_pass, test::seeded_weights, test::values_of;
using Granularity = ShareWeights::Granularity;

namespace {

const ir::Codebook& codebook_of(const ir::Model& model, std::string_view name = "w") {
  return std::get<ir::Codebook>(constant_named(model, name).form);
}

// One batch of what the model's inputs are inside of it, the same for every value.
class Inputs final : public passes::Activations {
 public:
  explicit Inputs(ir::Tensor tensor) : tensor_(std::move(tensor)) {}
  Result<void> visit(const ir::Model&, std::span<const ir::ValueId> values, const Visit& visit) override {
    return visit(std::vector<ir::Tensor>(values.size(), tensor_));
  }

 private:
  ir::Tensor tensor_;
};

// 32 samples of 16 inputs, of which the first four are ten times as large as the others.
ir::Tensor uneven_inputs() {
  std::vector<float> values = seeded_weights(std::size_t{32} * 16, 9);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] *= i % 16 < 4 ? 10.0F : 1.0F;
  return ir::Tensor::of({32, 16}, std::move(values));
}

// Of the products of the inputs with both weights, [16, 16].
double product_error(const std::vector<float>& a, const std::vector<float>& b, const ir::Tensor& inputs) {
  const auto x = inputs.as<float>();
  double sum = 0;
  for (std::size_t sample = 0; sample < 32; ++sample) {
    for (std::size_t column = 0; column < 16; ++column) {
      double error = 0;
      for (std::size_t row = 0; row < 16; ++row) {
        const std::size_t at = row * 16 + column;
        error += static_cast<double>(x[sample * 16 + row]) *
                 (static_cast<double>(a[at]) - static_cast<double>(b[at]));
      }
      sum += error * error;
    }
  }
  return sum;
}

// Sixteen by sixteen weights: small enough to read, large enough for a codebook to pay.
ir::Model some_model() {
  return model_around({16, 16}, seeded_weights(256));
}

// The statistic `weighted` of the pass on some_model(); -1: there is none.
double weighted_count(ShareWeights::Options options, passes::PassContext context) {
  ir::Model model = some_model();
  const auto outcome = ShareWeights(options).run(model, context);
  REQUIRE(outcome);
  for (const auto& [name, value] : outcome->statistics) {
    if (name == "weighted") return value;
  }
  return -1;
}

}  // namespace

TEST_CASE("weights become indices into few values") {
  const auto run = run_pass<ShareWeights>(some_model(), {.bits = 3});
  CHECK(run.changes == 1);
  const ir::Codebook& form = codebook_of(run.after);
  CHECK(form.centroids.shape() == ir::Shape{1, 8});
  CHECK(form.bits == 3);
  CHECK_FALSE(form.axis.has_value());
  CHECK(std::ranges::is_sorted(form.centroids.as<float>()));
  const auto before = values_of(run.before);
  const auto after = values_of(run.after);
  CHECK(std::set(after.begin(), after.end()).size() == 8);
  // Eight values over [-1, 1]: about 2/8 wide, so no weight moves by much more than 1/8.
  for (std::size_t i = 0; i < before.size(); ++i) CHECK(std::fabs(before[i] - after[i]) < 0.25F);
}

TEST_CASE("no more distinct values than codes lose nothing, and codes are as narrow as they can be") {
  std::vector<float> weights(256);
  for (std::size_t i = 0; i < 256; ++i) weights[i] = static_cast<float>(i % 5) - 2;
  const auto run = run_pass<ShareWeights>(model_around({16, 16}, weights), {.bits = 6});
  CHECK(values_of(run.after) == weights);
  CHECK(codebook_of(run.after).centroids.shape() == ir::Shape{1, 5});
  CHECK(codebook_of(run.after).bits == 3);
}

TEST_CASE("channels have codebooks of their own, along the operator's channel axis") {
  std::vector<float> weights(256);
  for (std::size_t i = 0; i < 256; ++i)
    weights[i] = static_cast<float>(i % 16) * (i < 128 ? 1.0F : -1.0F) + 0.5F;
  const auto run = run_pass<ShareWeights>(model_around({16, 16}, weights),
                                          {.bits = 1, .granularity = Granularity::channel});
  CHECK(codebook_of(run.after).axis == 1);
  CHECK(codebook_of(run.after).centroids.shape() == ir::Shape{16, 2});
  CHECK(values_of(run.after) == weights);  // two values a column
  const auto conv = run_pass<ShareWeights>(model_around({4, 64, 1}, seeded_weights(256), {"Conv"}),
                                           {.bits = 4, .granularity = Granularity::channel});
  CHECK(codebook_of(conv.after).axis == 0);
  CHECK(codebook_of(conv.after).centroids.shape() == ir::Shape{4, 16});
}

TEST_CASE("exact zeros survive pruning and sharing") {
  for (const Granularity granularity : {Granularity::tensor, Granularity::channel}) {
    for (const int bits : {1, 2, 5, 8}) {
      const auto pruned =
          run_pass<prune::Prune>(model_around({64, 64}, seeded_weights(4096)), {.sparsity = 0.6});
      const auto shared = run_pass<ShareWeights>(pruned.after, {.bits = bits, .granularity = granularity});
      REQUIRE(shared.changes == 1);
      const auto before = values_of(pruned.after);
      const auto after = values_of(shared.after);
      for (std::size_t i = 0; i < before.size(); ++i) {
        if (before[i] == 0.0F && (after[i] != 0.0F || std::signbit(after[i])))
          FAIL("weight " << i << " is no zero");
      }
      CHECK(std::ranges::count(after, 0.0F) >= 2457);
    }
  }
}

TEST_CASE("sparse weights are shared") {
  std::vector<std::int64_t> positions(100);
  for (std::size_t i = 0; i < 100; ++i) positions[i] = static_cast<std::int64_t>(2 * i);
  const ir::Constant sparse{
      ir::DType::float32,
      {16, 16},
      ir::Sparse{ir::Tensor::of({100}, positions), ir::Tensor::of({100}, seeded_weights(100))},
      {}};
  const auto run = run_pass<ShareWeights>(model_around(sparse), {.bits = 4});
  CHECK(run.changes == 1);
  CHECK(values_of(run.after)[1] == 0.0F);
}

TEST_CASE("sharing twice changes no more than once") {
  const auto once = run_pass<ShareWeights>(some_model(), {.bits = 4});
  const auto twice = run_pass<ShareWeights>(once.after, {.bits = 2});
  CHECK(twice.changes == 0);
  CHECK(same_bits(constant_named(once.after, "w"), constant_named(twice.after, "w")));
  CHECK(twice.skipped == std::vector<std::string>{"tensor 'w': its form is codebook already"});
}

TEST_CASE("affine weights are not shared") {
  const ir::Constant affine{ir::DType::float32,
                            {2, 2},
                            ir::Affine{.codes = ir::Tensor::of<std::int8_t>({2, 2}, {1, 2, 3, 4}),
                                       .scales = ir::Tensor::of<float>({}, {1}),
                                       .zero_points = {}},
                            {}};
  CHECK(run_pass<ShareWeights>(model_around(affine)).skipped ==
        std::vector<std::string>{"tensor 'w': its form is affine already"});
}

TEST_CASE("weights with NaN or infinite values are not shared") {
  for (const float odd : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    const auto run = run_pass<ShareWeights>(test::odd_model({1, 2, odd, 3}));
    CHECK(run.changes == 0);
    CHECK(run.skipped == std::vector<std::string>{"tensor 'w': it has NaN or infinite values"});
  }
}

TEST_CASE("weights that would not become smaller are not shared") {
  // Four distinct values need four centroids: 16 bytes and a byte of codes instead of 16 bytes.
  CHECK(run_pass<ShareWeights>(model_around({2, 2}, {1, 2, 3, 4})).skipped ==
        std::vector<std::string>{"tensor 'w': it would not become smaller: 17 bytes instead of 16"});
  CHECK(run_pass<ShareWeights>(model_around({1, 1}, {1})).changes == 0);
  CHECK(run_pass<ShareWeights>(model_around({3, 0}, {})).skipped ==
        std::vector<std::string>{"tensor 'w': it is empty"});
}

TEST_CASE("channels are not shared when readers disagree on them") {
  const ir::Model model = model_around({16, 16}, seeded_weights(256), {"MatMul", "Gather"});
  const auto run = run_pass<ShareWeights>(model, {.bits = 2, .granularity = Granularity::channel});
  CHECK(run.changes == 0);
  CHECK(run.skipped ==
        std::vector<std::string>{"tensor 'w': its readers disagree on which axis is the output "
                                 "channel; use granularity=tensor"});
  CHECK(run_pass<ShareWeights>(model, {.bits = 2}).changes == 1);
}

TEST_CASE("odd weights are shared between their own lowest and highest value, zeros exact") {
  for (const auto& [name, pattern] : test::finite_odd_weights()) {
    for (const int bits : {1, 3, 8}) {
      INFO(name << ", " << bits << " bits");
      const auto run = run_pass<ShareWeights>(test::odd_model(pattern), {.bits = bits});
      CHECK(run.changes == 1);
      const auto before = values_of(run.before);
      const auto after = values_of(run.after);
      const auto [low, high] = std::ranges::minmax(before);
      for (std::size_t i = 0; i < before.size(); ++i) {
        CHECK((after[i] >= low && after[i] <= high));
        if (before[i] == 0.0F) CHECK(after[i] == 0.0F);
        if (bits >= 3) CHECK(after[i] == before[i]);  // at most seven distinct values and zero
      }
    }
  }
}

TEST_CASE("statistics tell the size and the noise of sharing") {
  ir::Model model = some_model();
  passes::PassContext context;
  const auto outcome = ShareWeights({.bits = 4}).run(model, context);
  REQUIRE(outcome.has_value());
  REQUIRE(outcome->statistics.size() == 3);
  CHECK(outcome->statistics[0] == std::pair<std::string, double>("weights", 256));
  CHECK(outcome->statistics[1] == std::pair<std::string, double>("bits_per_weight", 8.0 * (128 + 64) / 256));
  CHECK(outcome->statistics[2].first == "sqnr_db");
  // A uniform distribution on 16 steps has 20 log10(16) = 24.1 dB; k-means does no worse on a sample of it.
  CHECK(outcome->statistics[2].second > 23.5);
  CHECK(outcome->statistics[2].second < 30);

  ir::Model exact = test::odd_model({1, 2, 3});
  const auto lossless = ShareWeights({.bits = 4}).run(exact, context);
  REQUIRE(lossless.has_value());
  CHECK(lossless->statistics.size() == 2);  // no noise, no ratio
  ir::Model nothing = model_around({1, 1}, {1});
  const auto skipped = ShareWeights({.bits = 4}).run(nothing, context);
  REQUIRE(skipped.has_value());
  CHECK(skipped->statistics ==
        std::vector<std::pair<std::string, double>>{{"weights", 0}, {"bits_per_weight", 0}});
}

TEST_CASE("outputs stay near, and the shared model runs") {
  const auto run = run_pass<ShareWeights>(R"(
    net (float[2,4] x) => (float[2,8] y)
    <float[4,8] w = {1, 2, 3, 4, 1.01, 2.01, 3.01, 4.01, 1, 2, 3, 4, 1.01, 2.01, 3.01, 4.01,
                     1, 2, 3, 4, 1.01, 2.01, 3.01, 4.01, 1, 2, 3, 4, 1.01, 2.01, 3.01, 4.01}>
    { y = MatMul(x, w) })",
                                          {.bits = 2});
  REQUIRE(run.changes == 1);
  const double difference = test::largest_difference(run.before, run.after);
  CHECK(difference > 0);
  CHECK(difference <= 4 * 0.00501);  // four inputs of at most 1, each weight moved by 0.005
}

TEST_CASE("share-weights is registered with its options") {
  passes::PassRegistry registry;
  quantize::add_passes(registry);
  const auto entry = registry.find("share-weights");
  REQUIRE(entry.has_value());
  CHECK((*entry)->make({{"bits", "4"}, {"granularity", "channel"}}).has_value());
  CHECK_FALSE((*entry)->make({{"bits", "0"}}).has_value());
  CHECK_FALSE((*entry)->make({{"bits", "9"}}).has_value());
  CHECK_FALSE((*entry)->make({{"granularity", "block"}}).has_value());
}

TEST_CASE("weights that count by the power of their inputs lose less of the products") {
  Inputs activations(uneven_inputs());
  passes::PassContext context;
  context.activations = &activations;
  const ShareWeights::Options options{.bits = 2, .weighting = ShareWeights::Weighting::inputs};
  const auto weighted = run_pass<ShareWeights>(some_model(), options, context);
  const auto plain = run_pass<ShareWeights>(some_model(), {.bits = 2}, context);
  const auto before = values_of(weighted.before);
  CHECK(product_error(before, values_of(weighted.after), uneven_inputs()) <
        0.95 * product_error(before, values_of(plain.after), uneven_inputs()));
  CHECK(weighted_count(options, context) == 1);
  CHECK(weighted_count({.bits = 2}, context) == -1);
}

TEST_CASE("without calibration data, or without any input, weights count alike, and the first is recorded") {
  Inputs activations(ir::Tensor::of({2, 16}, std::vector<float>(32)));
  passes::PassContext context;
  context.activations = &activations;
  const ShareWeights::Options options{.bits = 2, .weighting = ShareWeights::Weighting::inputs};
  const auto plain = run_pass<ShareWeights>(some_model(), {.bits = 2});
  CHECK(plain.skipped.empty());
  const auto zeros = run_pass<ShareWeights>(some_model(), options, context);
  CHECK(values_of(zeros.after) == values_of(plain.after));
  CHECK(weighted_count(options, context) == 0);
  const auto without = run_pass<ShareWeights>(some_model(), options);
  CHECK(values_of(without.after) == values_of(plain.after));
  REQUIRE(without.skipped.size() == 1);
  CHECK(without.skipped[0].find("no calibration data") != std::string::npos);
}

TEST_CASE("a group of output channels shares its values") {
  const auto run = run_pass<ShareWeights>(model_around({16, 64}, seeded_weights(1024)),
                                          {.bits = 2, .granularity = Granularity::group, .group = 24});
  const ir::Codebook& form = codebook_of(run.after);
  REQUIRE(form.centroids.shape() == ir::Shape{64, 4});
  CHECK(form.axis == 1);
  const auto centroids = form.centroids.as<float>();
  for (std::size_t channel = 0; channel < 64; ++channel) {
    const std::size_t first = channel / 24 * 24;
    CHECK(std::ranges::equal(centroids.subspan(channel * 4, 4), centroids.subspan(first * 4, 4)));
  }
  CHECK_FALSE(std::ranges::equal(centroids.subspan(0, 4), centroids.subspan(std::size_t{24} * 4, 4)));
}
