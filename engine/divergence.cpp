#include "engine/divergence.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

namespace pith::engine {
namespace {

using Row = std::span<const float>;

bool are_probabilities(Row row) {
  double sum = 0;
  for (const float value : row) {
    if (value < 0) return false;
    sum += static_cast<double>(value);
  }
  return std::abs(sum - 1) < 1e-3;
}

// The logarithms of the chances of a row.
std::vector<double> log_chances(Row row, bool probabilities) {
  constexpr double kLeastChance = 1e-9;
  std::vector<double> logs(row.begin(), row.end());
  if (probabilities) {
    for (double& value : logs) value = std::log(std::max(value, kLeastChance));
  }
  const double highest = std::ranges::max(logs);
  double sum = 0;
  for (const double value : logs) sum += std::exp(value - highest);
  const double shift = highest + std::log(sum);
  for (double& value : logs) value -= shift;
  return logs;
}

double kullback_leibler(Row a, Row b, bool probabilities) {
  const std::vector<double> p = log_chances(a, probabilities);
  const std::vector<double> q = log_chances(b, probabilities);
  double sum = 0;
  for (std::size_t i = 0; i < p.size(); ++i) sum += std::exp(p[i]) * (p[i] - q[i]);
  return std::max(sum, 0.0);
}

double relative_error(Row a, Row b) {
  double power = 0;
  double error = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double value = a[i];
    const double difference = value - static_cast<double>(b[i]);
    power += value * value;
    error += difference * difference;
  }
  return error == 0 ? 0 : error / std::max(power, 1e-30);
}

}  // namespace

Result<double> divergence(const ir::Tensor& a, const ir::Tensor& b) {
  if (a.dtype() != ir::DType::float32 || b.dtype() != ir::DType::float32 || a.shape() != b.shape()) {
    return fail(ErrorCode::model,
                fmt::format("the output is {} {} and was {} {}", ir::name_of(b.dtype()),
                            ir::to_string(b.shape()), ir::name_of(a.dtype()), ir::to_string(a.shape())));
  }
  const auto before = a.as<float>();
  const auto after = b.as<float>();
  const auto finite = [](float value) { return std::isfinite(value); };
  if (!std::ranges::all_of(before, finite) || !std::ranges::all_of(after, finite))
    return fail(ErrorCode::model, "the output has NaN or infinite values");
  const ir::Shape& shape = a.shape();
  if (before.empty()) return 0.0;
  const std::size_t samples = shape.empty() ? 1 : static_cast<std::size_t>(shape[0]);
  const std::size_t size = before.size() / samples;
  const bool scores = shape.size() >= 2 && static_cast<std::size_t>(shape[1]) == size && size > 1;
  bool probabilities = scores;
  for (std::size_t i = 0; i < samples && probabilities; ++i)
    probabilities = are_probabilities(before.subspan(i * size, size));
  double sum = 0;
  for (std::size_t i = 0; i < samples; ++i) {
    const Row row = before.subspan(i * size, size);
    const Row other = after.subspan(i * size, size);
    sum += scores ? kullback_leibler(row, other, probabilities) : relative_error(row, other);
  }
  return sum / static_cast<double>(samples);
}

}  // namespace pith::engine
