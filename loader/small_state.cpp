#include "loader/small_state.h"

#include "loader/small_tables.h"

namespace pith::loader::small {
namespace {

void start(NodeCounters& counters, const std::array<std::uint32_t, kNodes>& chances, std::uint32_t count) {
  for (std::size_t i = 0; i < kNodes; ++i) counters[i] = make_counter(chances[i], count);
}

}  // namespace

State::State(const Parameters& parameters, const CodeShape& shape, std::size_t count)
    : parameters_(parameters),
      width_(row_width(shape)),
      period_(kernel_size(shape)),
      mean_norm_(power16(-parameters.mean16, 20)),
      column_log_(width_, 0),
      column_norm_(width_, mean_norm_),
      column_sum_(width_, kColumnPrior * 256),
      column_sign_(width_, 0),
      seen_log_(width_, 0),
      magnitudes_(2 * width_, 256),
      values_(2 * width_, 0),
      nodes_(parameters.trellis ? trellis::kClasses : 1) {
  fill_tables();
  if (parameters.trellis) {
    paths_ = trellis::Paths(shape, *parameters.trellis, count);
    for (std::size_t i = 0; i < trellis::kClasses; ++i)
      start_nodes(i == trellis::class_of(1) ? Magnitudes::odd_grid : Magnitudes::even_grid, nodes_[i]);
  } else {
    start_nodes(Magnitudes::values, nodes_[0]);
  }
  for (Mixer& mixer : sign_mixer_) mixer.weights = {5000, 5000, 5000, 5000};
  sign_pair_.fill(make_counter(1U << 21, 3));
  sign_predicted_.fill(make_counter(1U << 21, 3));
  sign_trend_.fill(make_counter(1U << 21, 3));
  escape_prefix_.fill(make_counter(1U << 21, 2));
  escape_top_.fill(make_counter(1U << 21, 2));
  low_.fill(make_counter(1U << 21, 8));
  tap_weights_.assign(parameters.predict ? period_ : 0, {});
  for (std::size_t i = 0; i < width_; ++i) {
    seen_log_[i] = static_cast<std::int16_t>(log16(static_cast<std::uint32_t>(i) + kRowPrior) + 128);
  }
  const auto lag = [&](std::size_t value) { return std::clamp<std::size_t>(value, 1, width_); };
  const std::size_t first = parameters.first_lag;
  lags_ = {1, lag(2), first, lag(first + 1), lag(first - 1), parameters.second_lag, width_, lag(2 * first)};
}

void State::start_nodes(Magnitudes magnitudes, Nodes& nodes) const {
  Prior prior;
  fill_prior(parameters_.shape, parameters_.mean16, parameters_.shift, parameters_.zero_first, magnitudes,
             prior);
  for (std::size_t i = 0; i < kLevels; ++i) start(nodes.level[i], prior[i], 12);
  for (auto& counters : nodes.pair) start(counters, prior[kMiddleLevel], 4);
  for (std::size_t i = 0; i < kNearContexts; ++i) {
    start(nodes.near[i], prior[parameters_.predict ? kMiddleLevel + 2 * (i % 8) - 6 : kMiddleLevel], 4);
  }
  for (auto& counters : nodes.column) start(counters, prior[kMiddleLevel], 4);
  for (Mixer& mixer : nodes.mixer) mixer.weights = {6000, 2500, 2500, 2500};
}

void State::finish_row(std::size_t row, std::size_t columns, std::uint32_t sum) {
  if (columns != width_) return;  // the last row, shorter than the others
  const std::int32_t row16 =
      std::clamp(log16(sum) - log16(static_cast<std::uint32_t>(columns) + kRowPrior) - 128, -128, 112);
  row_start16_ += (row16 - row_start16_) >> 2;
  const std::uint32_t row_inverse = power16(-row16, 12);
  const auto rows = static_cast<std::uint32_t>(std::min<std::size_t>(row, kColumnMemory)) + 1 + kColumnPrior;
  const std::int32_t rows16 = log16(rows) + 128;
  for (std::size_t column = 0; column < width_; ++column) {
    const std::uint32_t size = magnitudes_[width_ + column];
    std::uint64_t share = std::uint64_t{size} * row_inverse >> 12;
    share = std::min<std::uint64_t>(share * power16(column_log_[column], 12) >> 12, 65535);
    if (row >= kColumnMemory) column_sum_[column] -= column_sum_[column] / rows;
    column_sum_[column] += static_cast<std::uint32_t>(share);
    const std::int32_t log = std::clamp(log16(column_sum_[column] + 1) - rows16, -160, 112);
    column_log_[column] = log;
    column_norm_[column] = static_cast<std::uint32_t>(
        std::min<std::uint64_t>(std::uint64_t{mean_norm_} * power16(-log, 12) >> 12, 0xFFFFFFFFU));
  }
  std::copy(magnitudes_.begin() + static_cast<std::ptrdiff_t>(width_), magnitudes_.end(),
            magnitudes_.begin());
  std::copy(values_.begin() + static_cast<std::ptrdiff_t>(width_), values_.end(), values_.begin());
}

}  // namespace pith::loader::small
