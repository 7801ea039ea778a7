#include "engine/metrics.h"

#include <cmath>
#include <limits>

#include "tests/support/catch.h"

namespace pith::engine {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

TEST_CASE("metrics: names") {
  CHECK(parse_metric("top1") == Metric::top1);
  CHECK(name_of(*parse_metric("mse")) == "mse");
  CHECK(higher_is_better(Metric::agreement));
  CHECK_FALSE(higher_is_better(Metric::mse));
  const auto unknown = parse_metric("top2");
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().code() == ErrorCode::usage);
  CHECK_THAT(unknown.error().message(), Catch::Contains("'top1'"));
}

TEST_CASE("metrics: a rate with its Wilson interval") {
  // 8 of 10: the interval is 0.4902 to 0.9433 (Wilson, without continuity correction).
  const Quality quality = rate(Metric::top1, 8, 10);
  CHECK(quality.value == 0.8);
  CHECK(quality.ci95_low == Approx(0.490162).epsilon(1e-5));
  CHECK(quality.ci95_high == Approx(0.943318).epsilon(1e-5));
  CHECK(rate(Metric::top1, 0, 5).ci95_low == 0);
  CHECK(rate(Metric::top1, 5, 5).ci95_high == 1);
  CHECK(rate(Metric::top1, 5, 5).ci95_low > 0.5);
  CHECK_THROWS_AS(rate(Metric::top1, 0, 0), InternalError);
}

TEST_CASE("metrics: mean squared error with its interval") {
  // Mean 2, standard deviation 1, n = 3: 2 -+ 1.96 / sqrt(3).
  const Quality quality = mean_squared_error(std::vector<double>{1, 2, 3});
  CHECK(quality.value == 2);
  CHECK(quality.samples == 3);
  CHECK(quality.ci95_low == Approx(2 - 1.959964 / std::sqrt(3.0)));
  CHECK(quality.ci95_high == Approx(2 + 1.959964 / std::sqrt(3.0)));
  CHECK(mean_squared_error(std::vector<double>{4}).ci95_high == 4);
  CHECK(mean_squared_error(std::vector<double>{0, 100}).ci95_low == 0);
}

TEST_CASE("metrics: decisions") {
  const auto of = [](const ir::Shape& shape, std::vector<float> scores) {
    return decide(ir::Tensor::of<float>(shape, std::move(scores)));
  };
  CHECK(of({2, 3}, {0, 2, 1, 5, 5, 4})->of_sample == std::vector<std::int64_t>{1, 0});
  CHECK(of({2, 3}, {0, 2, 1, 5, 5, 4})->classes == 3);
  CHECK(of({1, 3, 1, 1}, {0, 2, 9})->of_sample == std::vector<std::int64_t>{2});
  CHECK(of({3, 1}, {0.4F, 0.5F, 0.6F})->of_sample == std::vector<std::int64_t>{0, 0, 1});
  CHECK(of({2}, {0.9F, 0.1F})->of_sample == std::vector<std::int64_t>{1, 0});
  CHECK(of({2}, {0.9F, 0.1F})->classes == 2);
  CHECK(of({2, 2}, {1, kNan, 1, 0})->of_sample == std::vector<std::int64_t>{kNoDecision, 0});
  CHECK_FALSE(of({1, 2, 2}, {1, 2, 3, 4}));
  CHECK_FALSE(of({}, {1}));
  CHECK(of({1, 2, 2}, {1, 2, 3, 4}).error().code() == ErrorCode::model);
}

TEST_CASE("metrics: margins are distances to another verdict") {
  const auto of = [](ir::Shape shape, std::vector<float> scores, std::vector<std::int64_t> wanted) {
    const auto all = margins(ir::Tensor::of(std::move(shape), std::move(scores)), wanted);
    REQUIRE(all);
    return *all;
  };
  CHECK(of({2, 3}, {5, 2, 1, 5, 2, 1}, {0, 2}) == std::vector<double>{3, 4});
  CHECK(of({3}, {0.75F, 0.5F, 0.0F}, {1, 0, 0}) == std::vector<double>{0.25, 0, 0.5});
  // Chances that are all near 1 still have an order.
  const auto sure = of({2, 2}, {1, 1e-8F, 1, 1e-9F}, {0, 0});
  CHECK(sure[1] - sure[0] == Approx(std::log(10.0)).epsilon(1e-3));
  CHECK(of({2, 2}, {kNan, 1, 3, 1}, {0, 7}) == std::vector<double>{0, 0});
}

TEST_CASE("metrics: no decision agrees with nothing") {
  CHECK(count_equal(std::vector<std::int64_t>{1, 2, -1, -1}, std::vector<std::int64_t>{1, 3, -1, 0}) == 1);
}

TEST_CASE("metrics: labels") {
  CHECK(class_labels(ir::Tensor::of<std::int64_t>({3}, {0, 9, 3}), 10).value() ==
        std::vector<std::int64_t>{0, 9, 3});
  CHECK(class_labels(ir::Tensor::of<float>({2, 1}, {1, 2}), 3).value() == std::vector<std::int64_t>{1, 2});
  const auto message = [](const ir::Tensor& labels) {
    const auto result = class_labels(labels, 10, 64);
    REQUIRE_FALSE(result);
    CHECK(result.error().code() == ErrorCode::data);
    return result.error().message();
  };
  CHECK_THAT(message(ir::Tensor::of<std::int64_t>({2}, {0, 10})),
             Catch::Contains("sample 65 is 10") && Catch::Contains("from 0 to 9"));
  CHECK_THAT(message(ir::Tensor::of<std::int64_t>({1}, {-1})), Catch::Contains("-1"));
  CHECK_THAT(message(ir::Tensor::of<float>({1}, {kNan})), Catch::Contains("nan"));
  CHECK_THAT(message(ir::Tensor::of<float>({1}, {1.5F})), Catch::Contains("1.5"));
  CHECK_THAT(message(ir::Tensor::of<float>({1, 2}, {0, 1})), Catch::Contains("[1,2]"));
}

TEST_CASE("metrics: squared errors of samples") {
  const auto output = ir::Tensor::of<float>({2, 2}, {1, 2, 3, 4});
  const auto target = ir::Tensor::of<double>({2, 1, 2}, {1, 0, 3, 3});
  CHECK(comparable(output, target));
  CHECK(squared_errors(output, target).value() == std::vector<double>{2, 0.5});
  CHECK_FALSE(comparable(output, ir::Tensor::of<float>({2}, {1, 2})));
  CHECK_FALSE(comparable(output, ir::Tensor::of<float>({1, 2}, {1, 2})));
  const auto broken = ir::Tensor::of<float>({2, 2}, {1, kNan, 3, 4});
  CHECK(squared_errors(broken, target).error().code() == ErrorCode::model);
  CHECK(squared_errors(output, broken).error().code() == ErrorCode::data);
}

}  // namespace
}  // namespace pith::engine
