#include "engine/evaluator.h"

#include <cmath>
#include <numeric>

#include "tests/engine/samples.h"
#include "tests/support/catch.h"
#include "tests/support/pass_test.h"

namespace pith::engine {
namespace {

using test::npy;
using test::raw;

// Two scores a sample, as they are fed.
const std::string kIdentity = test::model_bytes("net (float[N,2] x) => (float[N,2] y) { y = Identity(x) }");
// The same scores with the sign turned: every decision is the other one, except for equal scores.
const std::string kOpposite = test::model_bytes("net (float[N,2] x) => (float[N,2] y) { y = Neg(x) }");

Dataset dataset(const std::vector<test::ZipMember>& members, const std::string& keys = "") {
  const test::TempFolder folder;
  const auto spec = DatasetSpec::parse(folder.write("d.npz", test::zip(members)).string() + keys);
  REQUIRE(spec);
  auto data = Dataset::open(*spec);
  REQUIRE(data);
  return *std::move(data);
}

// 200 samples: the score of class 1 leads in every third; labels are right but for each tenth sample.
Dataset two_classes(const std::string& keys = "") {
  std::vector<float> scores;
  std::vector<std::int64_t> labels;
  for (int i = 0; i < 200; ++i) {
    const bool second = i % 3 == 0;
    scores.insert(scores.end(), {second ? 0.25F : 0.75F, second ? 0.75F : 0.25F});
    labels.push_back((second ? 1 : 0) ^ (i % 10 == 0 ? 1 : 0));
  }
  return dataset(
      {{"x.npy", npy("<f4", "(200, 2)", raw(scores))}, {"labels.npy", npy("<i8", "(200,)", raw(labels))}},
      keys);
}

std::span<const std::byte> bytes(const std::string& text) {
  return std::as_bytes(std::span(text));
}

Result<Evaluation> run(const std::string& model, const Dataset& data, const EvaluateOptions& options) {
  const auto runtime = Runtime::load();
  REQUIRE(runtime);
  return evaluate(*runtime, bytes(model), data, options);
}

TEST_CASE("evaluator: top1 and agreement in one pass, equal at any number of threads") {
  const Dataset data = two_classes();
  const auto first = run(kIdentity, data, {});
  REQUIRE(first);
  CHECK(first->quality.value == 0.9);
  CHECK(first->quality.correct == 180);
  CHECK(first->quality.samples == 200);
  CHECK_FALSE(first->agreement);
  CHECK(first->predictions.decisions.size() == 200);
  CHECK(std::accumulate(first->of_sample.begin(), first->of_sample.end(), 0.0) == 180);
  CHECK(first->margins.size() == 200);
  CHECK(first->unit == 1);
  for (const unsigned threads : {1U, 2U, 4U}) {
    EvaluateOptions options;
    options.threads = threads;
    options.reference = &first->predictions;
    const auto again = run(kIdentity, data, options);
    REQUIRE(again);
    CHECK(again->predictions.decisions == first->predictions.decisions);
    CHECK(again->quality.correct == 180);
    CHECK(again->agreement->value == 1);
    const auto opposite = run(kOpposite, data, options);
    CHECK(opposite->quality.value == 0.1);
    CHECK(opposite->agreement->value == 0);
  }
}

TEST_CASE("evaluator: agreement with a reference model needs no labels") {
  const Dataset data = dataset({{"x.npy", npy("<f4", "(2, 2)", raw<float>({1, 2, 3, 3}))}});
  EvaluateOptions options;
  options.metric = Metric::agreement;
  options.reference_model = bytes(kOpposite);
  const auto result = run(kIdentity, data, options);
  REQUIRE(result);
  CHECK(result->quality.correct == 1);
  CHECK(result->quality.metric == Metric::agreement);
}

TEST_CASE("evaluator: mean squared error from labels or from the reference's output") {
  EvaluateOptions options;
  options.metric = Metric::mse;
  const auto x = npy("<f4", "(2, 2)", raw<float>({1, 2, 3, 4}));
  const auto reconstruction = run(kIdentity, dataset({{"x.npy", x}}, ",labels=x"), options);
  REQUIRE(reconstruction);
  CHECK(reconstruction->quality.value == 0);
  options.reference_model = bytes(kOpposite);
  const auto distance = run(kIdentity, dataset({{"x.npy", x}}), options);
  REQUIRE(distance);
  // (2x)^2 over 1, 2, 3, 4.
  CHECK(distance->quality.value == 30);
  CHECK(distance->quality.samples == 2);
}

TEST_CASE("evaluator: a sum does not depend on the number of threads") {
  std::vector<float> values;
  for (int i = 0; i < 2000; ++i) values.push_back(std::sin(static_cast<float>(i)) * 1000);
  const Dataset data = dataset({{"x.npy", npy("<f4", "(1000, 2)", raw(values))}});
  EvaluateOptions options;
  options.metric = Metric::mse;
  options.reference_model = bytes(kOpposite);
  const auto one = run(kIdentity, data, options);
  options.threads = 4;
  const auto four = run(kIdentity, data, options);
  REQUIRE((one && four));
  CHECK(one->quality.value == four->quality.value);
  CHECK(one->quality.ci95_high == four->quality.ci95_high);
}

TEST_CASE("evaluator: outputs that are NaN are wrong, not lucky") {
  const std::string broken =
      test::model_bytes("net (float[N,2] x) => (float[N,2] y) { z = Sub(x, x) y = Div(z, z) }");
  const auto result = run(broken, two_classes(), {});
  REQUIRE(result);
  CHECK(result->quality.correct == 0);
  EvaluateOptions options;
  options.reference_model = bytes(broken);
  CHECK(run(broken, two_classes(), options)->agreement->value == 0);
}

TEST_CASE("evaluator: a fixed batch of one gives the same numbers") {
  const std::string single = test::model_bytes("net (float[1,2] x) => (float[1,2] y) { y = Identity(x) }");
  const auto result = run(single, two_classes(), {});
  REQUIRE(result);
  CHECK(result->quality.correct == 180);
  EvaluateOptions options;
  options.reference_model = bytes(kIdentity);
  CHECK_FALSE(run(single, two_classes(), options));
}

TEST_CASE("evaluator: samples can be limited, progress counts batches, cancelling stops") {
  EvaluateOptions options;
  options.max_samples = 10;
  CHECK(run(kIdentity, two_classes(), options)->quality.samples == 10);
  options.max_samples = 0;
  options.threads = 2;
  std::vector<std::uint64_t> seen;
  options.progress = [&](std::uint64_t done, std::uint64_t total) {
    CHECK(total == 4);
    seen.push_back(done);
  };
  REQUIRE(run(kIdentity, two_classes(), options));
  CHECK(seen == std::vector<std::uint64_t>{1, 2, 3, 4});
  options.cancelled = [] { return true; };
  const auto stopped = run(kIdentity, two_classes(), options);
  REQUIRE_FALSE(stopped);
  CHECK(stopped.error().code() == ErrorCode::interrupted);
}

TEST_CASE("evaluator: what cannot be measured is refused with the reason") {
  const auto x = npy("<f4", "(2, 2)", raw<float>({1, 2, 3, 4}));
  const auto error = [](const Result<Evaluation>& result, ErrorCode code) {
    REQUIRE_FALSE(result);
    CHECK(result.error().code() == code);
    return result.error().message();
  };
  const Dataset plain = dataset({{"x.npy", x}});
  CHECK_THAT(error(run(kIdentity, plain, {}), ErrorCode::data), Catch::Contains("needs labels"));
  EvaluateOptions options;
  options.metric = Metric::agreement;
  CHECK_THAT(error(run(kIdentity, plain, options), ErrorCode::usage), Catch::Contains("reference"));
  options.metric = Metric::mse;
  CHECK_THAT(error(run(kIdentity, plain, options), ErrorCode::data), Catch::Contains("mse needs"));

  const auto labelled = [&](const std::string& labels) {
    return dataset({{"x.npy", x}, {"labels.npy", labels}});
  };
  CHECK_THAT(
      error(run(kIdentity, labelled(npy("<i8", "(2,)", raw<std::int64_t>({0, 2}))), {}), ErrorCode::data),
      Catch::Contains("sample 1 is 2"));
  CHECK_THAT(error(run(kIdentity, labelled(npy("<f4", "(2,)", raw<float>({0, NAN}))), {}), ErrorCode::data),
             Catch::Contains("nan"));
  CHECK_FALSE(
      error(run(kIdentity, labelled(npy("<f4", "(2,)", raw<float>({0, 1}))), options), ErrorCode::data)
          .empty());

  const std::string total =
      test::model_bytes("net (float[N,2] x) => (float y) { y = ReduceSum<keepdims = 0>(x) }");
  CHECK_THAT(error(run(total, two_classes(), {}), ErrorCode::model), Catch::Contains("one row a sample"));
  CHECK_FALSE(error(run("no model", plain, {}), ErrorCode::model).empty());
  const std::string wider =
      test::model_bytes("net (float[N,2] x) => (float[N,4] y) { y = Concat<axis = 1>(x, x) }");
  EvaluateOptions against;
  against.metric = Metric::agreement;
  against.reference_model = bytes(wider);
  CHECK_THAT(error(run(kIdentity, plain, against), ErrorCode::data),
             Catch::Contains("[2,2]") && Catch::Contains("[2,4]"));
  const std::string no_model = "no model";
  options.reference_model = bytes(no_model);
  CHECK_THAT(error(run(kIdentity, plain, options), ErrorCode::model), Catch::StartsWith("reference model: "));
}

}  // namespace
}  // namespace pith::engine
