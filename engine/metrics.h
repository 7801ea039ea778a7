// Metrics on plain numbers. Sums are taken in sample order, so that a result depends on nothing else.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "ir/result.h"
#include "ir/tensor.h"

namespace pith::engine {

enum class Metric : std::uint8_t {
  top1,       // share of samples whose decision is the label
  agreement,  // share of samples whose decision is that of the reference model
  mse,        // mean squared difference from labels of the output's shape, or from the reference's output
};

// Refuses (ErrorCode::usage) an unknown name, with the nearest known one.
[[nodiscard]] Result<Metric> parse_metric(std::string_view name);
[[nodiscard]] std::string_view name_of(Metric metric);
[[nodiscard]] bool higher_is_better(Metric metric);

struct Quality {
  Metric metric = Metric::top1;
  double value = 0;  // rates are fractions
  std::uint64_t samples = 0;
  double ci95_low = 0;
  double ci95_high = 0;
  std::uint64_t correct = 0;  // rates only
};

// A rate with its Wilson score interval: (p + z^2/2n -+ z sqrt(p(1-p)/n + z^2/4n^2)) / (1 + z^2/n),
// z = 1.96 (E. B. Wilson, "Probable inference, the law of succession, and statistical inference", 1927).
// `samples` must not be 0.
[[nodiscard]] Quality rate(Metric metric, std::uint64_t correct, std::uint64_t samples);

// The mean of one squared error a sample, with the normal interval mean -+ z s / sqrt(n), not below 0.
// One sample gives no spread: both ends are its value. There must be at least one.
[[nodiscard]] Quality mean_squared_error(std::span<const double> sample_errors);

inline constexpr std::int64_t kNoDecision = -1;

// What the model decides for each sample of an output [N,classes] (further dimensions of size 1 are
// dropped): the position of the largest score, the first of equals; for [N] or [N,1] whether the score is
// over 0.5. kNoDecision, which counts as wrong, where a score is NaN. Refuses (ErrorCode::model) other
// shapes.
struct Decisions {
  std::vector<std::int64_t> of_sample;
  std::uint64_t classes = 0;
};
[[nodiscard]] Result<Decisions> decide(const ir::Tensor& output);

// Samples where both decide, and alike.
[[nodiscard]] std::uint64_t count_equal(std::span<const std::int64_t> a, std::span<const std::int64_t> b);

// How far each sample's scores are from the other verdict: the score of the class wanted and the best other
// one, without sign; for [N] or [N,1] the score and 0.5. Chances (rows that sum to 1) count by their
// logarithms, which tell those near 1 apart. 0 where a score is NaN or the class is none of the output's.
// `wanted` has one class a sample, and decide() takes the output.
[[nodiscard]] Result<std::vector<double>> margins(const ir::Tensor& output,
                                                  std::span<const std::int64_t> wanted);

// Labels [N] or [N,1] as class numbers. Refuses (ErrorCode::data) other shapes, NaN, fractions and numbers
// below 0 or from `classes` on (0: no limit); `first` is the number of the first sample, for the message.
[[nodiscard]] Result<std::vector<std::int64_t>> class_labels(const ir::Tensor& labels,
                                                             std::uint64_t classes = 0,
                                                             std::uint64_t first = 0);

// Whether both have the same dimensions but for those of size 1.
[[nodiscard]] bool comparable(const ir::Tensor& output, const ir::Tensor& target);

// The mean squared difference of each sample (axis 0) of comparable tensors. Refuses (ErrorCode::model)
// an output that is not finite, and (ErrorCode::data) such a target.
[[nodiscard]] Result<std::vector<double>> squared_errors(const ir::Tensor& output, const ir::Tensor& target);

}  // namespace pith::engine
