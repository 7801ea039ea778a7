#include "quantize/rd_quantize.h"

#include <cmath>
#include <random>

#include "passes/services.h"
#include "quantize/rd_quantizer.h"
#include "tests/support/catch.h"
#include "tests/support/ideal_rate.h"
#include "tests/support/pass_test.h"
#include "tests/support/trellis_values.h"
#include "tests/support/weight_model.h"

using namespace pith;
using quantize::RdQuantize;
using test::constant_named, test::model_around, test::run_pass, test::seeded_weights, test::values_of;

namespace {

using Rate = test::IdealRate;

// One batch of the model's inputs and what they are inside of it, the same for every value.
class Inputs final : public passes::Activations {
 public:
  explicit Inputs(ir::Tensor tensor) : tensor_(std::move(tensor)) {}
  Result<void> visit(const ir::Model&, std::span<const ir::ValueId> values, const Visit& visit) override {
    return visit(std::vector<ir::Tensor>(values.size(), tensor_));
  }

 private:
  ir::Tensor tensor_;
};

std::string list(std::size_t count, unsigned seed) {
  std::string text;
  for (const float value : seeded_weights(count, seed))
    text += (text.empty() ? "" : ",") + std::to_string(value);
  return text;
}

// Inputs of which every two neighbours are nearly equal, with a mean of 1.
ir::Tensor neighbours(ir::Shape shape) {
  std::mt19937 random(3);
  std::normal_distribution<float> normal;
  std::vector<float> values(static_cast<std::size_t>(*ir::element_count(shape)));
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = i % 2 == 0 ? 1 + normal(random) : values[i - 1] + 0.01F * normal(random);
  return ir::Tensor::of(std::move(shape), std::move(values));
}

passes::PassContext context_with(const Rate& rate, passes::Activations* activations = nullptr) {
  passes::PassContext context;
  context.rate = &rate;
  context.activations = activations;
  return context;
}

const Rate kRate;

double squared_error(const ir::Model& a, const ir::Model& b, const ir::Tensor& x, std::size_t out,
                     bool biased) {
  const auto before = to_dense(constant_named(a, "w"));
  const auto after = to_dense(constant_named(b, "w"));
  const auto in = before.element_count() / out;
  std::vector<float> shift(out);
  if (biased) {
    const auto b0 = to_dense(constant_named(a, "b"));
    const auto b1 = to_dense(constant_named(b, "b"));
    for (std::size_t o = 0; o < out; ++o) shift[o] = b0.as<float>()[o] - b1.as<float>()[o];
  }
  double sum = 0;
  for (std::size_t n = 0; n < x.element_count() / in; ++n) {
    for (std::size_t o = 0; o < out; ++o) {
      double error = static_cast<double>(shift[o]);
      for (std::size_t i = 0; i < in; ++i) {
        error += (static_cast<double>(before.as<float>()[o * in + i]) -
                  static_cast<double>(after.as<float>()[o * in + i])) *
                 static_cast<double>(x.as<float>()[n * in + i]);
      }
      sum += error * error;
    }
  }
  return sum;
}

const std::string kGemm = "net (float[N,32] x) => (float[N,48] y) <float[48,32] w = {" +
                          list(std::size_t{48} * 32, 1) + "}, float[48] b = {" + list(48, 2) +
                          "}> { y = Gemm<transB=1>(x, w, b) }";

}  // namespace

TEST_CASE("rd-quantize: weights and biases become codes of one step") {
  const auto run = run_pass<RdQuantize>(test::parse_model(kGemm), {}, context_with(kRate));
  CHECK(run.changes == 2);
  for (const char* name : {"w", "b"}) {
    const auto& form = std::get<ir::Affine>(constant_named(run.after, name).form);
    CHECK(form.scales.shape().empty());
    CHECK(form.codes.dtype() == ir::DType::int8);
    CHECK(form.zero_points.empty());
  }
  REQUIRE(run.skipped.size() == 1);
  CHECK(run.skipped[0].find("without calibration data") != std::string::npos);
}

TEST_CASE(
    "rd-quantize: on calibration data the products are nearer at the same step, and the bias takes the "
    "mean") {
  const ir::Model model = test::parse_model(kGemm);
  const ir::Tensor x = neighbours({256, 32});
  Inputs inputs(x);
  const auto blind = run_pass<RdQuantize>(model, {.step = 0.5, .lambda = 0}, context_with(kRate));
  const float step = std::get<ir::Affine>(constant_named(blind.after, "w").form).scales.as<float>()[0];
  // The step of the other run, brought to the same size.
  double wanted = 0.5;
  ir::Model aware;
  for (int i = 0; i < 3; ++i) {
    aware = run_pass<RdQuantize>(model, {.step = wanted, .lambda = 0}, context_with(kRate, &inputs)).after;
    wanted *= static_cast<double>(
        step / std::get<ir::Affine>(constant_named(aware, "w").form).scales.as<float>()[0]);
  }
  CHECK(squared_error(model, aware, x, 48, true) < 0.3 * squared_error(model, blind.after, x, 48, true));
}

TEST_CASE("rd-quantize: lambda takes bits away") {
  const ir::Model model = test::parse_model(kGemm);
  double before = 1e9;
  for (const double lambda : {0.0, 1.0, 4.0}) {
    const auto run = run_pass<RdQuantize>(model, {.step = 0.5, .lambda = lambda}, context_with(kRate));
    const auto& form = std::get<ir::Affine>(constant_named(run.after, "w").form);
    std::vector<std::uint64_t> counts(255);
    for (const std::int8_t code : form.codes.as<std::int8_t>())
      ++counts[static_cast<std::size_t>(code + 127)];
    double bits = 0;
    for (const std::int8_t code : form.codes.as<std::int8_t>())
      bits += static_cast<double>(kRate.bits(counts)[static_cast<std::size_t>(code + 127)]);
    CHECK(bits < before);
    before = bits;
  }
}

TEST_CASE("rd-quantize: granularity=channel has a scale a row, powers of two apart") {
  std::vector<float> weights = seeded_weights(std::size_t{16} * 64, 5);
  for (std::size_t i = 0; i < weights.size(); ++i) weights[i] *= i % 16 < 8 ? 1.0F : 0.01F;
  Inputs inputs(neighbours({256, 64}));
  const auto run =
      run_pass<RdQuantize>(model_around({64, 16}, weights), {.granularity = RdQuantize::Granularity::channel},
                           context_with(kRate, &inputs));
  const auto& form = std::get<ir::Affine>(constant_named(run.after, "w").form);
  CHECK(form.axis == 1);
  REQUIRE(form.scales.shape() == ir::Shape{16});
  const auto scales = form.scales.as<float>();
  for (std::size_t i = 0; i < 16; ++i) CHECK(std::fmod(std::log2(scales[0] / scales[i]), 1.0F) == 0);
  CHECK(scales[0] > 32 * scales[15]);
}

TEST_CASE("rd-quantize: zeros stay zeros, and twice is once") {
  std::vector<float> weights = seeded_weights(std::size_t{32} * 32, 7);
  for (std::size_t i = 0; i < weights.size(); i += 2) weights[i] = 0;
  Inputs inputs(neighbours({64, 32}));
  const auto once = run_pass<RdQuantize>(model_around({32, 32}, weights), {}, context_with(kRate, &inputs));
  const auto after = values_of(once.after);
  for (std::size_t i = 0; i < weights.size(); i += 2) CHECK(after[i] == 0);
  const auto twice = run_pass<RdQuantize>(once.after, {}, context_with(kRate, &inputs));
  CHECK(twice.changes == 0);
  REQUIRE_FALSE(twice.skipped.empty());
  CHECK(twice.skipped[0].find("its form is affine already") != std::string::npos);
}

TEST_CASE("rd-quantize: a coder that stores trellises gets codes of one, with fewer bits at the same error") {
  const ir::Model model = test::parse_model(kGemm);
  const ir::Tensor x = neighbours({256, 32});
  Inputs inputs(x);
  Rate rate;
  rate.trellises = true;
  const auto run = [&](bool trellis) {
    return run_pass<RdQuantize>(model, {.step = 0.3, .lambda = 1, .trellis = trellis},
                                context_with(rate, &inputs));
  };
  const auto with = run(true);
  const auto without = run(false);
  const auto statistic = [](const auto& outcome, std::size_t i) { return outcome.statistics.at(i).second; };
  const double decibels = statistic(with, 2) - statistic(without, 2);
  const double bits = statistic(with, 1) - statistic(without, 1);
  CHECK(decibels - 6.02 * bits > 0.5);
  const auto paths_of = [](const ir::Model& after) {
    const auto& form = std::get<ir::Affine>(constant_named(after, "w").form);
    const loader::CodeShape shape{.dims = {48, 32}, .rank = 2};
    return test::has_values(form.codes.as<std::int8_t>(), shape, {.axis = 0, .start = 0}) ||
           test::has_values(form.codes.as<std::int8_t>(), shape, {.axis = 0, .start = 1});
  };
  CHECK(paths_of(with.after));
  CHECK_FALSE(paths_of(without.after));
  rate.trellises = false;
  CHECK_FALSE(paths_of(run(true).after));
}

TEST_CASE("rd-quantize: weights that the fine grid of a trellis cannot hold have a plain one") {
  std::vector<float> weights = seeded_weights(std::size_t{32} * 32, 7);
  weights[5] = 40;
  Inputs inputs(neighbours({64, 32}));
  Rate rate;
  rate.trellises = true;
  const auto run = run_pass<RdQuantize>(model_around({32, 32}, weights), {.step = 0.3, .lambda = 0},
                                        context_with(rate, &inputs));
  const auto& form = std::get<ir::Affine>(constant_named(run.after, "w").form);
  CHECK(form.scales.as<float>()[0] * 127 >= 40);
  CHECK(std::ranges::count(form.codes.as<std::int8_t>(), std::int8_t{1}) > 0);
}

TEST_CASE("rd-quantize: declines, with the reason") {
  const auto reason = [](const ir::Model& model) {
    passes::PassContext context = context_with(kRate);
    const auto run = run_pass<RdQuantize>(model, {}, std::move(context));
    CHECK(run.changes == 0);
    return run.skipped.empty() ? std::string() : run.skipped[0];
  };
  CHECK(reason(model_around({4, 4}, seeded_weights(16))).find("less than 32 elements") != std::string::npos);
  std::vector<float> broken = seeded_weights(64);
  broken[3] = std::numeric_limits<float>::infinity();
  CHECK(reason(model_around({8, 8}, broken)).find("NaN or infinite") != std::string::npos);
  CHECK(reason(test::parse_model("net (float[40] x) => (float[40] y) <float[40] w = {" + list(40, 1) +
                                 "}> { y = Div(x, w) }"))
            .find("reads it") != std::string::npos);
  CHECK(reason(test::parse_model("net (float[40] x) => (float[40] y, float[40] w) <float[40] w = {" +
                                 list(40, 1) + "}> { y = Add(x, w) }"))
            .find("it is an output") != std::string::npos);
}

TEST_CASE("rd-quantize: every operator's products are followed") {
  struct Case {
    std::string text;
    ir::Shape input;
  };
  for (const Case& one : std::vector<Case>{
           {"net (float[N,8,6] x) => (y) <float[6,9] w = {" + list(54, 1) + "}> { y = MatMul(x, w) }",
            {4, 8, 6}},
           {"net (float[N,4,6,6] x) => (y) <float[8,2,3,3] w = {" + list(144, 1) +
                "}> { y = Conv<group=2, pads=[1,1,1,1]>(x, w) }",
            {4, 4, 6, 6}},
           {"net (float[N,4,6,6] x) => (y) <float[4,3,3,3] w = {" + list(108, 1) +
                "}> { y = ConvTranspose(x, w) }",
            {4, 4, 6, 6}},
           {"net (float[7,N,6] x) => (y) <float[1,20,6] w = {" + list(120, 1) + "}, float[1,20,5] r = {" +
                list(100, 2) + "}> { y, h, c = LSTM<hidden_size=5>(x, w, r) }",
            {7, 4, 6}}}) {
    CAPTURE(one.text);
    Inputs inputs(neighbours(one.input));
    passes::PassContext context = context_with(kRate, &inputs);
    const ir::Model model = test::parse_model(one.text);
    const auto quantizer = quantize::RdQuantizer::prepare(model, context);
    REQUIRE(quantizer);
    const auto& layers = quantizer->layers();
    REQUIRE_FALSE(layers.empty());
    CHECK(layers[0].kind != quantize::Layer::Kind::values);
    CHECK(layers[0].view.size() == layers[0].weights.element_count());
    CHECK(quantizer->power(0, false) > 0);
  }
}

TEST_CASE("rd-quantize: equal at any number of threads") {
  const ir::Model model = test::parse_model(kGemm);
  Inputs inputs(neighbours({256, 32}));
  const auto with = [&](unsigned threads) {
    passes::PassContext context = context_with(kRate, &inputs);
    context.threads = threads;
    return run_pass<RdQuantize>(model, {}, context).after;
  };
  const ir::Model one = with(1);
  const ir::Model four = with(4);
  for (const char* name : {"w", "b"}) CHECK(same_bits(constant_named(one, name), constant_named(four, name)));
}
