#include "quantize/second_moments.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>

#include "passes/parallel.h"
#include "passes/services.h"
#include "quantize/window.h"

namespace pith::quantize {
namespace {

using Rows = Eigen::MatrixXf;  // [columns, rows looked at]: one row of the matrix after the other

Rows make_rows(std::size_t columns, std::size_t count) {
  return {static_cast<Eigen::Index>(columns), static_cast<Eigen::Index>(count)};
}

// Which of `count` rows of a sample are looked at: `most` of them, evenly spread, other ones each sample.
std::vector<std::size_t> spread(std::size_t count, std::size_t most, std::size_t sample) {
  const std::size_t taken = std::min(count, most);
  std::vector<std::size_t> rows(taken);
  for (std::size_t i = 0; i < taken; ++i) {
    rows[i] = taken == count ? i : (i * count / taken + sample * 7919) % count;
  }
  return rows;
}

enum class Collect : std::uint8_t { everything, diagonal };  // a diagonal is a matrix of one column

// Collects the moments of one layer, batch by batch.
class Collector {
 public:
  Collector(const ir::Model& model, const Layer& layer, Collect what) : layer_(layer), what_(what) {
    if (layer.node != ir::kNoNode) node_ = &model.graph().node(layer.node);
    const auto columns = static_cast<Eigen::Index>(layer.view.columns);
    sums_.resize(layer.view.groups, {Eigen::MatrixXd::Zero(columns, what == Collect::diagonal ? 1 : columns),
                                     Eigen::VectorXd::Zero(columns)});
    most_ = std::max<std::size_t>(16, layer.view.columns / 64);
  }

  // False when the batch does not fit the operator.
  [[nodiscard]] bool add(const ir::Tensor& input) {
    if (input.dtype() != ir::DType::float32 || input.element_count() == 0) return input.element_count() == 0;
    switch (layer_.kind) {
      case Layer::Kind::product:
        return add_product(input);
      case Layer::Kind::convolution:
        return add_convolution(input);
      case Layer::Kind::transposed:
        return add_transposed(input);
      case Layer::Kind::recurrence:
        return add_recurrence(input);
      case Layer::Kind::values:
        return true;
    }
    throw InternalError("an unknown kind of layer");
  }

  // Empty when no row was looked at.
  [[nodiscard]] std::vector<Moments> finish() {
    if (rows_ == 0) return {};
    for (Moments& sum : sums_) {
      sum.second /= static_cast<double>(rows_);
      sum.mean /= static_cast<double>(rows_);
    }
    return std::move(sums_);
  }
  [[nodiscard]] bool finite() const {
    return std::ranges::all_of(sums_, [](const Moments& sum) { return sum.second.allFinite(); });
  }

 private:
  void accumulate(std::size_t group, const Rows& rows) {
    if (what_ == Collect::diagonal) {
      sums_[group].second += rows.cast<double>().rowwise().squaredNorm();
    } else {
      const Eigen::MatrixXf product = rows * rows.transpose();
      sums_[group].second += product.cast<double>();
    }
    sums_[group].mean += rows.cast<double>().rowwise().sum();
  }

  // The last axis is multiplied; the first one counts samples. Every group sees the same rows.
  bool add_product(const ir::Tensor& input) {
    const std::size_t columns = layer_.view.columns;
    const ir::Shape& shape = input.shape();
    if (shape.empty() || static_cast<std::size_t>(shape.back()) != columns) return false;
    const auto samples = shape.size() == 1 ? 1 : static_cast<std::size_t>(shape[0]);
    const std::size_t count = input.element_count() / columns / samples;
    const auto values = input.as<float>();
    Rows rows = make_rows(columns, samples * std::min(count, most_));
    Eigen::Index at = 0;
    for (std::size_t sample = 0; sample < samples; ++sample) {
      for (const std::size_t row : spread(count, most_, sample)) {
        const float* from = values.data() + (sample * count + row) * columns;
        std::copy_n(from, columns, rows.col(at++).data());
      }
    }
    for (std::size_t group = 0; group < sums_.size(); ++group) accumulate(group, rows);
    rows_ += static_cast<std::size_t>(at);
    return true;
  }

  bool add_convolution(const ir::Tensor& input) {
    const ir::Shape& filter = layer_.weights.shape();
    const auto windows = Windows::of(*node_, input.shape(), {filter.begin() + 2, filter.end()});
    const auto channels = static_cast<std::size_t>(filter[1]);
    if (!windows || static_cast<std::size_t>(input.shape()[1]) != channels * layer_.view.groups) return false;
    const auto samples = static_cast<std::size_t>(input.shape()[0]);
    const std::size_t size = input.element_count() / samples;
    const std::size_t each = std::min(windows->count(), most_);
    Rows rows = make_rows(layer_.view.columns, samples * each);
    for (std::size_t group = 0; group < sums_.size(); ++group) {
      Eigen::Index at = 0;
      for (std::size_t sample = 0; sample < samples; ++sample) {
        for (const std::size_t window : spread(windows->count(), most_, sample)) {
          windows->copy(input.as<float>().data() + sample * size, window, group * channels, channels,
                        rows.col(at++).data(), 1);
        }
      }
      accumulate(group, rows);
    }
    rows_ += samples * each;
    return true;
  }

  bool add_transposed(const ir::Tensor& input) {
    const std::size_t channels = layer_.view.columns;
    const ir::Shape& shape = input.shape();
    if (shape.size() < 3 || static_cast<std::size_t>(shape[1]) != channels * sums_.size()) return false;
    const auto samples = static_cast<std::size_t>(shape[0]);
    const std::size_t count = input.element_count() / samples / (channels * sums_.size());
    const auto values = input.as<float>();
    Rows rows = make_rows(channels, samples * std::min(count, most_));
    for (std::size_t group = 0; group < sums_.size(); ++group) {
      Eigen::Index at = 0;
      for (std::size_t sample = 0; sample < samples; ++sample) {
        for (const std::size_t place : spread(count, most_, sample)) {
          const std::size_t first = (sample * sums_.size() + group) * channels;
          for (std::size_t c = 0; c < channels; ++c)
            rows(static_cast<Eigen::Index>(c), at) = values[(first + c) * count + place];
          ++at;
        }
      }
      accumulate(group, rows);
    }
    rows_ += static_cast<std::size_t>(rows.cols());
    return true;
  }

  // Y [steps, directions, batch, hidden]: the state that a step multiplies is the output of the one before,
  // for the second direction of the one after. The first state, mostly zeros, is not looked at.
  bool add_recurrence(const ir::Tensor& output) {
    const ir::Shape& shape = output.shape();
    const std::size_t hidden = layer_.view.columns;
    if (shape.size() != 4 || static_cast<std::size_t>(shape[3]) != hidden ||
        static_cast<std::size_t>(shape[1]) != sums_.size())
      return false;
    const auto steps = static_cast<std::size_t>(shape[0]);
    const auto batch = static_cast<std::size_t>(shape[2]);
    if (steps < 2) return true;
    const auto values = output.as<float>();
    Rows rows = make_rows(hidden, batch * std::min(steps - 1, most_));
    for (std::size_t group = 0; group < sums_.size(); ++group) {
      const auto* direction = node_->find<std::string>("direction");
      const bool backwards = group == 1 || (direction != nullptr && *direction == "reverse");
      Eigen::Index at = 0;
      for (std::size_t sample = 0; sample < batch; ++sample) {
        for (const std::size_t step : spread(steps - 1, most_, sample)) {
          const std::size_t state = backwards ? step + 1 : step;
          const float* from = values.data() + ((state * sums_.size() + group) * batch + sample) * hidden;
          std::copy_n(from, hidden, rows.col(at++).data());
        }
      }
      accumulate(group, rows);
    }
    rows_ += static_cast<std::size_t>(rows.cols());
    return true;
  }

  const Layer& layer_;
  Collect what_;
  const ir::Node* node_ = nullptr;
  std::vector<Moments> sums_;
  std::size_t most_ = 0;
  std::size_t rows_ = 0;
};

Result<std::vector<std::vector<Moments>>> collect(const ir::Model& model, const std::vector<Layer>& layers,
                                                  passes::PassContext& context, Collect what) {
  std::vector<std::vector<Moments>> moments(layers.size());
  std::vector<ir::ValueId> values;
  std::map<ir::ValueId, std::size_t> place;
  std::vector<std::pair<std::size_t, Collector>> collectors;  // with the numbers of their layers
  for (std::size_t i = 0; i < layers.size(); ++i) {
    if (layers[i].input == ir::kNoValue) continue;
    if (place.emplace(layers[i].input, values.size()).second) values.push_back(layers[i].input);
    collectors.emplace_back(i, Collector(model, layers[i], what));
  }
  if (values.empty() || context.activations == nullptr) return moments;
  std::vector<bool> fits(layers.size(), true);
  const auto add_batch = [&](std::span<const ir::Tensor> batch) -> Result<void> {
    PITH_CHECK_OK(context.keep_going());
    std::vector<char> added(collectors.size(), 1);
    auto all_added =
        passes::for_each_index(collectors.size(), context.threads, [&](std::uint64_t i) -> Result<void> {
          auto& [layer, collector] = collectors[i];
          added[i] = collector.add(batch[place.at(layers[layer].input)]) ? 1 : 0;
          return {};
        });
    PITH_CHECK_OK(std::move(all_added));
    for (std::size_t i = 0; i < collectors.size(); ++i) {
      if (added[i] == 0) fits[collectors[i].first] = false;
    }
    return {};
  };
  PITH_CHECK_OK(context.activations->visit(model, values, add_batch));
  for (auto& [layer, collector] : collectors) {
    if (!collector.finite()) {
      return fail(ErrorCode::data,
                  fmt::format("tensor '{}': what it is multiplied with on the calibration data is not finite",
                              layers[layer].name),
                  "check the data and its scale, mean and std");
    }
    if (fits[layer]) moments[layer] = collector.finish();
  }
  return moments;
}

}  // namespace

Result<std::vector<std::vector<Moments>>> second_moments(const ir::Model& model,
                                                         const std::vector<Layer>& layers,
                                                         passes::PassContext& context) {
  return collect(model, layers, context, Collect::everything);
}

Result<std::vector<std::vector<Eigen::VectorXd>>> input_powers(const ir::Model& model,
                                                               const std::vector<Layer>& layers,
                                                               passes::PassContext& context) {
  PITH_TRY(const auto moments, collect(model, layers, context, Collect::diagonal));
  std::vector<std::vector<Eigen::VectorXd>> powers(moments.size());
  for (std::size_t i = 0; i < moments.size(); ++i) {
    for (const Moments& group : moments[i]) powers[i].emplace_back(group.second.col(0));
  }
  return powers;
}

std::vector<float> importance_of(const MatrixView& view, const std::vector<Eigen::VectorXd>& powers) {
  double mean = 0;
  for (const Eigen::VectorXd& group : powers) mean += group.mean();
  mean /= static_cast<double>(powers.size());
  if (!(mean > 0)) return {};
  std::vector<float> importance(view.size());
  for (std::size_t group = 0; group < view.groups; ++group) {
    for (std::size_t column = 0; column < view.columns; ++column) {
      // In units of the mean, so that nothing is too small or too large for float32.
      const double power = powers[group](static_cast<Eigen::Index>(column)) / mean + 0.01;
      for (std::size_t row = 0; row < view.rows; ++row)
        importance[view.at(group, row, column)] = static_cast<float>(power);
    }
  }
  return importance;
}

}  // namespace pith::quantize
