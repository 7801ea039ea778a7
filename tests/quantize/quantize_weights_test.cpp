#include "quantize/quantize_weights.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "passes/registry.h"
#include "prune/prune.h"
#include "quantize/list.h"
#include "tests/quantize/edge_weights.h"
#include "tests/support/catch.h"
#include "tests/support/pass_test.h"

using namespace pith;
using quantize::QuantizeWeights;
using test::constant_named, test::model_around, test::run_pass, test::seeded_weights, test::values_of;
using Granularity = QuantizeWeights::Granularity;

namespace {

const ir::Affine& affine_of(const ir::Model& model, std::string_view name = "w") {
  return std::get<ir::Affine>(constant_named(model, name).form);
}

constexpr Granularity kGranularities[] = {Granularity::tensor, Granularity::channel, Granularity::block};

}  // namespace

TEST_CASE("weights become codes and a scale for each channel") {
  std::vector<float> weights(256);
  for (std::size_t i = 0; i < 256; ++i)
    weights[i] = static_cast<float>(i % 16 + 1) * (i / 16 % 2 == 0 ? 127.0F : -64.0F);
  const auto run = run_pass<QuantizeWeights>(model_around({16, 16}, weights));
  CHECK(run.changes == 1);
  const ir::Affine& form = affine_of(run.after);
  CHECK(form.axis == 1);
  CHECK(form.block == 0);
  CHECK(form.bits == 8);
  CHECK(form.zero_points.empty());
  REQUIRE(form.scales.shape() == ir::Shape{16});
  for (std::size_t i = 0; i < 16; ++i) CHECK(form.scales.as<float>()[i] == static_cast<float>(i + 1));
  CHECK(form.codes.as<std::int8_t>()[0] == 127);
  CHECK(form.codes.as<std::int8_t>()[16] == -64);
  CHECK(values_of(run.after) == weights);
}

TEST_CASE("one scale for the tensor has no axis in its shape") {
  const auto run = run_pass<QuantizeWeights>(model_around({16, 16}, seeded_weights(256)),
                                             {.bits = 4, .granularity = Granularity::tensor});
  CHECK(affine_of(run.after).scales.shape().empty());
  CHECK(affine_of(run.after).bits == 4);
  CHECK(stored_bytes(constant_named(run.after, "w")) == 128 + 4);
}

TEST_CASE("an asymmetric grid has unsigned codes and a zero point for each scale") {
  const auto run =
      run_pass<QuantizeWeights>(model_around({16, 16}, seeded_weights(256)), {.symmetric = false});
  const ir::Affine& form = affine_of(run.after);
  CHECK(form.codes.dtype() == ir::DType::uint8);
  CHECK(form.zero_points.size() == 16);
}

TEST_CASE("blocks run along the axis that the operator sums over") {
  struct Case {
    ir::Shape shape;
    const char* op;
    std::int64_t axis;
    ir::Shape scales;
  };
  for (const auto& [shape, op, axis, scales] : std::vector<Case>{{{16, 16}, "MatMul", 0, {2, 16}},
                                                                 {{2, 8, 16}, "MatMul", 1, {2, 1, 16}},
                                                                 {{16, 16}, "Gemm", 0, {2, 16}},
                                                                 {{4, 16, 2, 2}, "Conv", 1, {4, 2, 2, 2}},
                                                                 {{16, 8, 2}, "ConvTranspose", 0, {2, 8, 2}},
                                                                 {{1, 16, 16}, "LSTM", 2, {1, 16, 2}},
                                                                 {{16, 16}, "Gather", 1, {16, 2}}}) {
    INFO(op);
    const auto run = run_pass<QuantizeWeights>(model_around(shape, seeded_weights(256), {op}),
                                               {.granularity = Granularity::block, .block = 8});
    REQUIRE(run.changes == 1);
    CHECK(affine_of(run.after).axis == axis);
    CHECK(affine_of(run.after).block == 8);
    CHECK(affine_of(run.after).scales.shape() == scales);
  }
  const auto transposed = run_pass<QuantizeWeights>(R"(
    net (float[1,16] x) => (float[1,2] y)
    <float[2,16] w = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16,
                      1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}> { y = Gemm <transB = 1> (x, w) })",
                                                    {.granularity = Granularity::block, .block = 8});
  CHECK(affine_of(transposed.after).axis == 1);
  CHECK(affine_of(transposed.after).scales.shape() == ir::Shape{2, 2});
}

TEST_CASE("no weight moves by more than half a step, and what is decoded is what was meant") {
  for (const Granularity granularity : kGranularities) {
    for (const int bits : {2, 4, 8}) {
      const auto run = run_pass<QuantizeWeights>(model_around({32, 32}, seeded_weights(1024)),
                                                 {.bits = bits, .granularity = granularity});
      REQUIRE(run.changes == 1);
      const auto before = values_of(run.before);
      const auto after = values_of(run.after);
      const float half_step =
          0.5001F / static_cast<float>((1 << (bits - 1)) - 1);  // of weights within -1 and 1
      for (std::size_t i = 0; i < before.size(); ++i) CHECK(std::fabs(before[i] - after[i]) <= half_step);
    }
  }
}

TEST_CASE("exact zeros survive pruning and rounding") {
  for (const Granularity granularity : kGranularities) {
    for (const bool symmetric : {true, false}) {
      for (const int bits : {2, 5, 8}) {
        auto weights = seeded_weights(1024);
        for (float& weight : weights) weight += 0.37F;  // off the centre, so that zero points matter
        const auto pruned = run_pass<prune::Prune>(model_around({32, 32}, weights), {.sparsity = 0.4});
        const auto run = run_pass<QuantizeWeights>(
            pruned.after, {.bits = bits, .symmetric = symmetric, .granularity = granularity, .block = 16});
        REQUIRE(run.changes == 1);
        const auto before = values_of(pruned.after);
        const auto after = values_of(run.after);
        for (std::size_t i = 0; i < before.size(); ++i) {
          if (before[i] == 0.0F && (after[i] != 0.0F || std::signbit(after[i])))
            FAIL("weight " << i << " is no zero");
        }
      }
    }
  }
}

TEST_CASE("rounding twice changes no more than once") {
  const auto once = run_pass<QuantizeWeights>(model_around({16, 16}, seeded_weights(256)));
  const auto twice = run_pass<QuantizeWeights>(once.after, {.bits = 4});
  CHECK(twice.changes == 0);
  CHECK(same_bits(constant_named(once.after, "w"), constant_named(twice.after, "w")));
  CHECK(twice.skipped == std::vector<std::string>{"tensor 'w': its form is affine already"});
}

TEST_CASE("sparse weights are rounded, shared weights are not") {
  std::vector<std::int64_t> positions(100);
  for (std::size_t i = 0; i < 100; ++i) positions[i] = static_cast<std::int64_t>(2 * i);
  const ir::Constant sparse{
      ir::DType::float32,
      {16, 16},
      ir::Sparse{ir::Tensor::of({100}, positions), ir::Tensor::of({100}, seeded_weights(100))},
      {}};
  CHECK(run_pass<QuantizeWeights>(model_around(sparse)).changes == 1);
  const ir::Constant codebook{ir::DType::float32,
                              {2, 2},
                              ir::Codebook{.centroids = ir::Tensor::of<float>({1, 2}, {1, 2}),
                                           .indices = ir::Tensor::of<std::uint8_t>({2, 2}, {0, 1, 1, 0}),
                                           .axis = {}},
                              {}};
  CHECK(run_pass<QuantizeWeights>(model_around(codebook)).skipped ==
        std::vector<std::string>{"tensor 'w': its form is codebook already"});
}

TEST_CASE("weights with NaN or infinite values are not rounded") {
  for (const float odd : {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity()}) {
    const auto run = run_pass<QuantizeWeights>(test::odd_model({1, 2, odd, 3}));
    CHECK(run.changes == 0);
    CHECK(run.skipped == std::vector<std::string>{"tensor 'w': it has NaN or infinite values"});
  }
}

TEST_CASE("weights that would not become smaller are not rounded") {
  CHECK(run_pass<QuantizeWeights>(model_around({1, 4}, {1, 2, 3, 4})).skipped ==
        std::vector<std::string>{"tensor 'w': it would not become smaller: 20 bytes instead of 16"});
  CHECK(run_pass<QuantizeWeights>(model_around({0, 4}, {})).skipped ==
        std::vector<std::string>{"tensor 'w': it is empty"});
}

TEST_CASE("a grid that would reach past the largest number is declined") {
  // Scale 1.15 / 3 of the largest number; zero point round(0.39) = 0; the largest is 2.6 steps, rounded to 3.
  constexpr float kLargest = std::numeric_limits<float>::max();
  const auto run =
      run_pass<QuantizeWeights>(test::odd_model({kLargest, -kLargest * 0.15F}),
                                {.bits = 2, .symmetric = false, .granularity = Granularity::tensor});
  CHECK(run.changes == 0);
  CHECK(run.skipped ==
        std::vector<std::string>{"tensor 'w': its values are too large to be rounded to a grid"});
}

TEST_CASE("channels and blocks are declined when readers disagree on the channel") {
  const ir::Model model = model_around({16, 16}, seeded_weights(256), {"MatMul", "Gather"});
  for (const Granularity granularity : {Granularity::channel, Granularity::block}) {
    const auto run = run_pass<QuantizeWeights>(model, {.granularity = granularity});
    CHECK(run.changes == 0);
    CHECK(run.skipped ==
          std::vector<std::string>{"tensor 'w': its readers disagree on which axis is the output "
                                   "channel; use granularity=tensor"});
  }
  CHECK(run_pass<QuantizeWeights>(model, {.granularity = Granularity::tensor}).changes == 1);
}

TEST_CASE("odd weights are rounded to finite numbers near them, zeros exact") {
  for (const auto& [name, pattern] : test::finite_odd_weights()) {
    for (const Granularity granularity : kGranularities) {
      for (const bool symmetric : {true, false}) {
        for (const int bits : {2, 8}) {
          INFO(name << ", " << bits << " bits, symmetric " << symmetric);
          const auto run = run_pass<QuantizeWeights>(
              test::odd_model(pattern),
              {.bits = bits, .symmetric = symmetric, .granularity = granularity, .block = 8});
          const auto before = values_of(run.before);
          const auto after = values_of(run.after);
          double largest = 0;
          for (const float value : before) largest = std::max(largest, std::fabs(static_cast<double>(value)));
          const double step =
              std::max(1.2e-38, (symmetric ? 1 : 2) * largest / ((1 << (bits - (symmetric ? 1 : 0))) - 1));
          for (std::size_t i = 0; i < before.size(); ++i) {
            const double error = std::fabs(static_cast<double>(before[i]) - static_cast<double>(after[i]));
            if (!(error <= step * 1.0001))
              FAIL("weight " << i << ": " << before[i] << " became " << after[i]);
            if (before[i] == 0.0F && after[i] != 0.0F) FAIL("weight " << i << " is no zero");
          }
        }
      }
    }
  }
}

TEST_CASE("statistics tell the size and the noise of rounding") {
  ir::Model model = model_around({64, 64}, seeded_weights(4096));
  passes::PassContext context;
  const auto outcome = QuantizeWeights({.bits = 8, .granularity = Granularity::tensor}).run(model, context);
  REQUIRE(outcome.has_value());
  REQUIRE(outcome->statistics.size() == 3);
  CHECK(outcome->statistics[0] == std::pair<std::string, double>("weights", 4096));
  CHECK(outcome->statistics[1] == std::pair<std::string, double>("bits_per_weight", 8.0 * 4100 / 4096));
  // Uniform weights over 254 steps: 20 log10(254) = 48.1 dB.
  CHECK(std::fabs(outcome->statistics[2].second - 48.1) < 0.3);
}

TEST_CASE("outputs stay near, whatever the granularity, and the rounded model runs") {
  const auto model = test::parse_model(R"(
    net (float[2,4] x) => (float[2,8] y)
    <float[4,8] w = {1, 2, 3, 4, -1.1, 2.2, 3.3, -4.4, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8,
                     1.5, 2.5, 3.5, -4.5, 1.3, 2.3, 3.2, 4, -1, -2, -3, 0, 0, 0, 3.01, 4.01}>
    { y = MatMul(x, w) })");
  for (const Granularity granularity : kGranularities) {
    for (const bool symmetric : {true, false}) {
      const auto run =
          run_pass<QuantizeWeights>(model, {.symmetric = symmetric, .granularity = granularity, .block = 4});
      REQUIRE(run.changes + run.skipped.size() == 1);
      // Four inputs of at most 1, each weight moved by at most a step of a range of 9.
      CHECK(test::largest_difference(run.before, run.after) <= 4 * 9.0 / 127);
    }
  }
}

TEST_CASE("quantize-weights is registered with its options") {
  passes::PassRegistry registry;
  quantize::add_passes(registry);
  const auto entry = registry.find("quantize-weights");
  REQUIRE(entry.has_value());
  CHECK((*entry)
            ->make({{"bits", "4"}, {"symmetric", "false"}, {"granularity", "block"}, {"block", "16"}})
            .has_value());
  CHECK_FALSE((*entry)->make({{"bits", "1"}}).has_value());
  CHECK_FALSE((*entry)->make({{"block", "0"}}).has_value());
}
