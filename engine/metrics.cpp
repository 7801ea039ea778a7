#include "engine/metrics.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <limits>
#include <string>

#include "engine/convert.h"
#include "passes/nearest.h"

namespace pith::engine {
namespace {

constexpr std::array kMetrics{Metric::top1, Metric::agreement, Metric::mse};
constexpr double kZ95 = 1.959963984540054;  // the normal distribution's 97.5 % point

// The dimensions other than axis 0 and those of size 1.
ir::Shape inner_dims(const ir::Shape& shape) {
  ir::Shape inner;
  for (std::size_t axis = 1; axis < shape.size(); ++axis) {
    if (shape[axis] != 1) inner.push_back(shape[axis]);
  }
  return inner;
}

std::int64_t decide_row(std::span<const double> scores) {
  if (std::ranges::any_of(scores, [](double score) { return std::isnan(score); })) return kNoDecision;
  if (scores.size() == 1) return scores[0] > 0.5 ? 1 : 0;
  return std::ranges::max_element(scores) - scores.begin();
}

double margin_of_row(std::span<const double> scores, std::int64_t wanted) {
  if (std::ranges::any_of(scores, [](double score) { return std::isnan(score); })) return 0;
  if (scores.size() == 1) return std::abs(scores[0] - 0.5);
  const auto place = static_cast<std::size_t>(wanted);
  if (wanted < 0 || place >= scores.size()) return 0;
  double other = -std::numeric_limits<double>::infinity();
  double sum = 0;
  bool chances = true;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    if (i != place) other = std::max(other, scores[i]);
    sum += scores[i];
    chances = chances && scores[i] >= 0;
  }
  if (!chances || std::abs(sum - 1) > 1e-3) return std::abs(scores[place] - other);
  constexpr double kLeast = 1e-30;
  return std::abs(std::log(std::max(scores[place], kLeast)) - std::log(std::max(other, kLeast)));
}

}  // namespace

Result<Metric> parse_metric(std::string_view name) {
  std::vector<std::string> known;
  for (const Metric metric : kMetrics) {
    if (name == name_of(metric)) return metric;
    known.emplace_back(name_of(metric));
  }
  return fail(ErrorCode::usage,
              fmt::format("unknown metric '{}'; {}", name, passes::suggestion(name, known)));
}

std::string_view name_of(Metric metric) {
  switch (metric) {
    case Metric::top1:
      return "top1";
    case Metric::agreement:
      return "agreement";
    case Metric::mse:
      return "mse";
  }
  throw InternalError("a metric without a name");
}

bool higher_is_better(Metric metric) {
  return metric != Metric::mse;
}

Quality rate(Metric metric, std::uint64_t correct, std::uint64_t samples) {
  PITH_ASSERT(samples > 0 && correct <= samples, "a rate of no samples");
  const auto n = static_cast<double>(samples);
  const double p = static_cast<double>(correct) / n;
  const double z2 = kZ95 * kZ95;
  const double centre = p + z2 / (2 * n);
  const double reach = kZ95 * std::sqrt(p * (1 - p) / n + z2 / (4 * n * n));
  const double low = std::max(0.0, (centre - reach) / (1 + z2 / n));
  const double high = std::min(1.0, (centre + reach) / (1 + z2 / n));
  return {metric, p, samples, low, high, correct};
}

Quality mean_squared_error(std::span<const double> sample_errors) {
  PITH_ASSERT(!sample_errors.empty(), "a mean of no samples");
  const auto n = static_cast<double>(sample_errors.size());
  double sum = 0;
  for (const double error : sample_errors) sum += error;
  const double mean = sum / n;
  double squares = 0;
  for (const double error : sample_errors) squares += (error - mean) * (error - mean);
  const double reach = n > 1 ? kZ95 * std::sqrt(squares / (n - 1) / n) : 0;
  return {Metric::mse, mean, sample_errors.size(), std::max(0.0, mean - reach), mean + reach, 0};
}

Result<Decisions> decide(const ir::Tensor& output) {
  const ir::Shape inner = output.shape().empty() ? ir::Shape() : inner_dims(output.shape());
  if (output.shape().empty() || inner.size() > 1 || (inner.size() == 1 && inner[0] == 0)) {
    return fail(ErrorCode::model,
                fmt::format("class scores of shape [samples,classes] are needed, but the output has shape {}",
                            ir::to_string(output.shape())),
                "use --metric mse");
  }
  PITH_TRY(const std::vector<double> scores, to_doubles(output));
  const std::size_t width = inner.empty() ? 1 : static_cast<std::size_t>(inner[0]);
  Decisions decisions;
  decisions.classes = width == 1 ? 2 : width;
  for (std::size_t start = 0; start < scores.size(); start += width) {
    decisions.of_sample.push_back(decide_row(std::span(scores).subspan(start, width)));
  }
  return decisions;
}

Result<std::vector<double>> margins(const ir::Tensor& output, std::span<const std::int64_t> wanted) {
  PITH_TRY(const std::vector<double> scores, to_doubles(output));
  PITH_ASSERT(!wanted.empty() && scores.size() % wanted.size() == 0, "classes of other samples");
  const std::size_t width = scores.size() / wanted.size();
  std::vector<double> all;
  for (std::size_t i = 0; i < wanted.size(); ++i)
    all.push_back(margin_of_row(std::span(scores).subspan(i * width, width), wanted[i]));
  return all;
}

std::uint64_t count_equal(std::span<const std::int64_t> a, std::span<const std::int64_t> b) {
  PITH_ASSERT(a.size() == b.size(), "decisions about different samples");
  std::uint64_t equal = 0;
  for (std::size_t i = 0; i < a.size(); ++i) equal += a[i] == b[i] && a[i] != kNoDecision ? 1U : 0U;
  return equal;
}

Result<std::vector<std::int64_t>> class_labels(const ir::Tensor& labels, std::uint64_t classes,
                                               std::uint64_t first) {
  if (labels.shape().empty() || !inner_dims(labels.shape()).empty()) {
    return fail(ErrorCode::data, fmt::format("one class number a sample is needed as label, not shape {}",
                                             ir::to_string(labels.shape())));
  }
  PITH_TRY(const std::vector<double> values, to_doubles(labels));
  constexpr double kMost = 9007199254740992.0;  // 2^53: doubles are exact up to here
  std::vector<std::int64_t> result;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double value = values[i];
    const bool integer = std::isfinite(value) && value == std::floor(value) && value >= 0 && value < kMost;
    if (!integer || (classes > 0 && value >= static_cast<double>(classes))) {
      const std::string expected = classes > 0 ? fmt::format("a class number from 0 to {}", classes - 1)
                                               : std::string("a class number");
      return fail(ErrorCode::data,
                  fmt::format("the label of sample {} is {}, not {}", first + i, value, expected));
    }
    result.push_back(static_cast<std::int64_t>(value));
  }
  return result;
}

bool comparable(const ir::Tensor& output, const ir::Tensor& target) {
  return !output.shape().empty() && !target.shape().empty() && output.shape()[0] == target.shape()[0] &&
         inner_dims(output.shape()) == inner_dims(target.shape());
}

Result<std::vector<double>> squared_errors(const ir::Tensor& output, const ir::Tensor& target) {
  PITH_ASSERT(comparable(output, target), "squared errors of different shapes");
  PITH_TRY(const std::vector<double> values, to_doubles(output));
  PITH_TRY(const std::vector<double> truth, to_doubles(target));
  const auto samples = static_cast<std::size_t>(output.shape()[0]);
  const std::size_t width = samples == 0 ? 0 : values.size() / samples;
  std::vector<double> errors;
  for (std::size_t sample = 0; sample < samples; ++sample) {
    double sum = 0;
    for (std::size_t i = sample * width; i < (sample + 1) * width; ++i) {
      if (!std::isfinite(values[i])) {
        return fail(ErrorCode::model, fmt::format("the model's output for a sample is {}", values[i]));
      }
      if (!std::isfinite(truth[i])) {
        return fail(ErrorCode::data, fmt::format("the expected output of a sample is {}", truth[i]));
      }
      sum += (values[i] - truth[i]) * (values[i] - truth[i]);
    }
    errors.push_back(sum / static_cast<double>(width));
  }
  return errors;
}

}  // namespace pith::engine
