#include "prune/prune.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "passes/registry.h"
#include "prune/list.h"
#include "tests/support/catch.h"
#include "tests/support/pass_test.h"
#include "tests/support/weight_model.h"

using namespace pith;
using prune::Prune;
using test::constant_named, test::model_around, test::run_pass, test::values_of;
using Scope = Prune::Scope;

namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

std::size_t zeros(const std::vector<float>& values) {
  return static_cast<std::size_t>(
      std::ranges::count_if(values, [](float v) { return std::bit_cast<std::uint32_t>(v) == 0; }));
}

constexpr std::string_view kTwoLayers = R"(
  net (float[2,4] x) => (float[2,2] y)
  <float[4,3] w1 = {1, -2, 3, -4, 5, -6, 7, -8, 9, -10, 11, -12}, float[3] b1 = {0.1, 0.2, 0.3},
   float[3,2] w2 = {0.5, -1.5, 2.5, -3.5, 4.5, -5.5}>
  {
    h = Gemm(x, w1, b1)
    y = MatMul(h, w2)
  })";

}  // namespace

TEST_CASE("each layer loses its smallest weights; biases stay") {
  const auto run = run_pass<Prune>(kTwoLayers, {.sparsity = 0.5});
  CHECK(run.changes == 2);
  CHECK(values_of(run.after, "w1") == std::vector<float>{0, 0, 0, 0, 0, 0, 7, -8, 9, -10, 11, -12});
  CHECK(values_of(run.after, "w2") == std::vector<float>{0, 0, 0, -3.5F, 4.5F, -5.5F});
  CHECK(values_of(run.after, "b1") == values_of(run.before, "b1"));
  CHECK(std::holds_alternative<ir::Dense>(constant_named(run.after, "w1").form));
}

TEST_CASE("global scope ranks all weights together") {
  const auto run = run_pass<Prune>(kTwoLayers, {.sparsity = 0.5, .scope = Scope::global});
  // The nine smallest of eighteen: 0.5 1 1.5 2 2.5 3 3.5 4 4.5.
  CHECK(values_of(run.after, "w1") == std::vector<float>{0, 0, 0, 0, 5, -6, 7, -8, 9, -10, 11, -12});
  CHECK(values_of(run.after, "w2") == std::vector<float>{0, 0, 0, 0, 0, -5.5F});
}

TEST_CASE("channel scope prunes every output channel alike") {
  const auto run = run_pass<Prune>(kTwoLayers, {.sparsity = 0.5, .scope = Scope::channel});
  CHECK(values_of(run.after, "w1") == std::vector<float>{0, 0, 0, 0, 0, 0, 7, -8, 9, -10, 11, -12});
  CHECK(values_of(run.after, "w2") == std::vector<float>{0, 0, 2.5F, -3.5F, 4.5F, -5.5F});
}

TEST_CASE("channel scope follows the operator's channel axis") {
  const auto conv = run_pass<Prune>(R"(
    net (float[1,2,3] x) => (float[1,2,3] y) <float[2,2,1] w = {1, 2, 30, 40}> { y = Conv(x, w) })",
                                    {.sparsity = 0.5, .scope = Scope::channel});
  CHECK(values_of(conv.after) == std::vector<float>{0, 2, 0, 40});
  const auto transposed = run_pass<Prune>(R"(
    net (float[1,2] x) => (float[1,2] y) <float[2,2] w = {1, 20, 2, 10}> { y = Gemm <transB = 1> (x, w) })",
                                          {.sparsity = 0.5, .scope = Scope::channel});
  CHECK(values_of(transposed.after) == std::vector<float>{0, 20, 0, 10});
}

TEST_CASE("pruning twice changes no more than once, in every scope") {
  std::vector<float> weights = test::seeded_weights(120);
  for (std::size_t i = 0; i < 40; ++i) weights[i * 3] = i % 2 == 0 ? 0.25F : -0.25F;
  weights[7] = -0.0F;
  weights[11] = 0.0F;
  for (const Scope scope : {Scope::layer, Scope::channel, Scope::global}) {
    for (const double sparsity : {0.0, 0.01, 0.3, 0.77, 1.0}) {
      const Prune::Options options{.sparsity = sparsity, .scope = scope};
      const auto once = run_pass<Prune>(model_around({10, 12}, weights), options);
      const auto twice = run_pass<Prune>(once.after, options);
      CHECK(twice.changes == 0);
      CHECK(same_bits(constant_named(once.after, "w"), constant_named(twice.after, "w")));
    }
  }
}

TEST_CASE("zeros that are there count towards the sparsity") {
  const auto run = run_pass<Prune>(model_around({2, 4}, {0, 1, 0, 2, 0, 3, 0, 4}), {.sparsity = 0.5});
  CHECK(run.changes == 0);
  const auto more = run_pass<Prune>(model_around({2, 4}, {0, 1, 0, 2, 0, 3, 0, 4}), {.sparsity = 0.75});
  CHECK(values_of(more.after) == std::vector<float>{0, 0, 0, 0, 0, 3, 0, 4});
}

TEST_CASE("a negative zero that is pruned becomes +0.0") {
  const auto run = run_pass<Prune>(model_around({2, 2}, {-0.0F, 1, 2, -0.0F}), {.sparsity = 0.5});
  CHECK(run.changes == 1);
  CHECK(zeros(values_of(run.after)) == 2);
}

TEST_CASE("sparse weights are pruned and become dense") {
  const ir::Constant sparse{
      ir::DType::float32,
      {2, 3},
      ir::Sparse{ir::Tensor::of<std::int64_t>({3}, {1, 2, 5}), ir::Tensor::of<float>({3}, {5, -1, 2})},
      {}};
  const auto run = run_pass<Prune>(model_around(sparse), {.sparsity = 0.7});
  CHECK(values_of(run.after) == std::vector<float>{0, 5, 0, 0, 0, 2});
  CHECK(std::holds_alternative<ir::Dense>(constant_named(run.after, "w").form));
  CHECK(run_pass<Prune>(model_around(sparse), {.sparsity = 0.5}).changes == 0);
}

TEST_CASE("affine and codebook forms are not pruned") {
  const ir::Constant affine{ir::DType::float32,
                            {2, 2},
                            ir::Affine{.codes = ir::Tensor::of<std::int8_t>({2, 2}, {1, 2, 3, 4}),
                                       .scales = ir::Tensor::of<float>({}, {1}),
                                       .zero_points = {}},
                            {}};
  const auto run = run_pass<Prune>(model_around(affine));
  CHECK(run.changes == 0);
  CHECK(run.skipped == std::vector<std::string>{"tensor 'w': its form is affine; prune before quantizing"});

  const ir::Constant codebook{ir::DType::float32,
                              {2, 2},
                              ir::Codebook{.centroids = ir::Tensor::of<float>({1, 2}, {1, 2}),
                                           .indices = ir::Tensor::of<std::uint8_t>({2, 2}, {0, 1, 1, 0}),
                                           .axis = {}},
                              {}};
  CHECK(run_pass<Prune>(model_around(codebook)).skipped ==
        std::vector<std::string>{"tensor 'w': its form is codebook; prune before quantizing"});
}

TEST_CASE("weights with NaN or infinite values are not pruned, and not counted") {
  for (const float odd : {kNaN, kInfinity, -kInfinity}) {
    for (const Scope scope : {Scope::layer, Scope::channel, Scope::global}) {
      const auto run = run_pass<Prune>(model_around({2, 2}, {odd, 1, 2, 3}), {.scope = scope});
      CHECK(run.changes == 0);
      CHECK(run.skipped == std::vector<std::string>{"tensor 'w': it has NaN or infinite values"});
    }
  }
}

TEST_CASE("channel scope declines weights whose readers disagree on the channel") {
  const ir::Model model = model_around({2, 2}, {1, 2, 3, 4}, {"MatMul", "Gather"});
  const auto run = run_pass<Prune>(model, {.scope = Scope::channel});
  CHECK(run.changes == 0);
  CHECK(run.skipped ==
        std::vector<std::string>{"tensor 'w': its readers disagree on which axis is the output "
                                 "channel; use scope=layer"});
  CHECK(run_pass<Prune>(model, {.scope = Scope::layer}).changes == 1);
}

TEST_CASE("what the user excludes is neither pruned nor ranked") {
  passes::PassContext context;
  context.exclude.emplace_back("w2");
  const auto run =
      run_pass<Prune>(test::parse_model(kTwoLayers), {.sparsity = 0.5, .scope = Scope::global}, context);
  CHECK(values_of(run.after, "w1") == std::vector<float>{0, 0, 0, 0, 0, 0, 7, -8, 9, -10, 11, -12});
  CHECK(run.skipped == std::vector<std::string>{"tensor 'w2': excluded by --include or --exclude"});
}

TEST_CASE("edge tensors are pruned to exactly the share asked for") {
  const std::vector<std::vector<float>> cases{
      {0, 0, 0, 0, 0, 0},                                  // nothing to do
      {2, 2, 2, 2, 2, 2},                                  // one value
      {1e-45F, -1e-45F, 2e-45F, 1e-40F, -1e-39F, 1e-38F},  // denormals
      {3e38F, -3e38F, 3.4028235e38F, 1, -1e-30F, 0},       // huge
      {-0.0F, 0.0F, -0.0F, 0.0F, -0.0F, 1}};
  for (const auto& weights : cases) {
    for (const Scope scope : {Scope::layer, Scope::channel, Scope::global}) {
      const auto run = run_pass<Prune>(model_around({6, 1}, weights), {.sparsity = 0.5, .scope = scope});
      const auto after = values_of(run.after);
      CHECK(zeros(after) >= 3);
      for (std::size_t i = 0; i < after.size(); ++i) CHECK((after[i] == 0.0F || after[i] == weights[i]));
    }
  }
  CHECK(run_pass<Prune>(model_around({1, 1}, {1}), {.sparsity = 0.9}).changes == 0);
  CHECK(run_pass<Prune>(model_around({1, 1}, {1}), {.sparsity = 1.0}).changes == 1);
  for (const Scope scope : {Scope::layer, Scope::channel, Scope::global}) {
    CHECK(run_pass<Prune>(model_around({0, 3}, {}), {.scope = scope}).changes == 0);
    CHECK(run_pass<Prune>(model_around({3, 0}, {}), {.scope = scope}).changes == 0);
  }
}

TEST_CASE("the statistics count weights and zeros") {
  ir::Model model = test::parse_model(kTwoLayers);
  passes::PassContext context;
  const auto outcome = Prune({.sparsity = 0.5}).run(model, context);
  REQUIRE(outcome.has_value());
  CHECK(outcome->statistics ==
        std::vector<std::pair<std::string, double>>{
            {"weights", 18}, {"zeros_before", 0}, {"zeros_after", 9}, {"sparsity", 0.5}});
}

TEST_CASE("pruning stops when the user wants to") {
  ir::Model model = test::parse_model(kTwoLayers);
  passes::PassContext context;
  context.cancelled = [] { return true; };
  const auto outcome = Prune({}).run(model, context);
  REQUIRE_FALSE(outcome.has_value());
  CHECK(outcome.error().code() == ErrorCode::interrupted);
}

TEST_CASE("a pruned model still runs, and without sparsity it is the same model") {
  const auto run = run_pass<Prune>(kTwoLayers, {.sparsity = 0.5});
  const double difference = test::largest_difference(run.before, run.after);
  CHECK(difference > 0);
  CHECK(std::isfinite(difference));
  const auto none = run_pass<Prune>(kTwoLayers, {.sparsity = 0.0});
  CHECK(none.changes == 0);
  CHECK(test::largest_difference(none.before, none.after) == 0);
}

TEST_CASE("prune is registered with its options") {
  passes::PassRegistry registry;
  prune::add_passes(registry);
  const auto entry = registry.find("prune");
  REQUIRE(entry.has_value());
  CHECK((*entry)->make({{"sparsity", "0.9"}, {"criterion", "magnitude"}, {"scope", "global"}}).has_value());
  CHECK_FALSE((*entry)->make({{"sparsity", "1.5"}}).has_value());
  CHECK_FALSE((*entry)->make({{"sparsity", "nan"}}).has_value());
  CHECK_FALSE((*entry)->make({{"scope", "filter"}}).has_value());
}
