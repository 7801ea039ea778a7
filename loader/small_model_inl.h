// The model of the `small` coder (docs/coders.md, "Coder small"): which chance
// each binary decision has. Encoder and decoder run this same code over
// different binary coders and so cannot disagree.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <span>
#include <type_traits>

#include "loader/memory.h"
#include "loader/small_format.h"
#include "loader/small_mixer_inl.h"
#include "loader/small_prior.h"
#include "loader/small_tables.h"
#include "loader/trellis.h"

namespace pith::loader::small {

// A binary coder: `bit` is coded with the chance `chance` / 65536 of a 1. An encoder returns `bit`; a decoder
// ignores it and returns what it reads.
template <class Coder>
concept BinaryCoder = requires(Coder coder, std::uint32_t chance, bool bit) {
  { coder.code(chance, bit) } -> std::same_as<bool>;
};

inline constexpr std::uint32_t kEscapeBits = 33;
inline constexpr std::uint64_t kTooLarge = std::uint64_t{1} << 33;  // for a magnitude
inline constexpr std::size_t kPairs = 49;                           // 7 x 7 classes of two neighbours
inline constexpr std::size_t kNearContexts = 64;
inline constexpr std::size_t kColumnContexts = 128;
inline constexpr std::size_t kSignClasses = 4;
inline constexpr std::uint32_t kRowPrior = 8;     // a row starts with the weight of this many average values,
inline constexpr std::uint32_t kColumnPrior = 6;  // a column with this many
inline constexpr std::uint32_t kMaxMagnitude = 32767;
inline constexpr std::uint32_t kColumnMemory = 4096;

inline constexpr std::int32_t kMaxScale16 = 192;
inline constexpr std::size_t kScales16 = std::size_t{2} * kMaxScale16;
inline constexpr std::array<std::uint32_t, kScales16> kInverseScale = [] {
  std::array<std::uint32_t, kScales16> result{};
  for (std::int32_t i = 0; i < 2 * kMaxScale16; ++i)
    result[static_cast<std::size_t>(i)] = power16(kMaxScale16 - i, 12);
  return result;
}();

using NodeCounters = std::array<Counter, kNodes>;

// `kTrellis`: whether the values are those of a trellis (Parameters::trellis), and so coded as indices.
// Their contexts are the values.
template <BinaryCoder Coder, bool kTrellis>
class Model {
 public:
  // For `count` values, the product of the dimensions.
  Model(Coder& coder, const Parameters& parameters, const CodeShape& shape, std::size_t count)
      : coder_(coder),
        parameters_(parameters),
        width_(row_width(shape)),
        period_(kernel_size(shape)),
        shift_(parameters.shift),
        mean_norm_(power16(-parameters.mean16, 20)),
        column_log_(width_, 0),
        column_norm_(width_, mean_norm_),
        column_sum_(width_, kColumnPrior * 256),
        column_sign_(width_, 0),
        seen_log_(width_, 0),
        magnitudes_(2 * width_, 256),
        values_(2 * width_, 0) {
    if constexpr (kTrellis) paths_ = trellis::Paths(shape, *parameters.trellis, count);
    for (std::size_t i = 0; i < kClasses; ++i) start_nodes(i);
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

  // Codes all of `values`; a decoder fills them. False if a decoded value does not fit the type or the coder
  // is exhausted at the start of a row.
  template <class T>
  [[nodiscard]] bool run(std::span<T> values);

 private:
  static constexpr std::size_t kClasses = kTrellis ? trellis::kClasses : 1;

  void start_nodes(std::size_t state_class) {
    Prior prior;
    const Magnitudes magnitudes = !kTrellis                             ? Magnitudes::values
                                  : state_class == trellis::class_of(1) ? Magnitudes::odd_grid
                                                                        : Magnitudes::even_grid;
    fill_prior(parameters_.shape, parameters_.mean16, shift_, parameters_.zero_first, magnitudes, prior);
    Nodes& nodes = nodes_[state_class];
    for (std::size_t i = 0; i < kLevels; ++i) start(nodes.level[i], prior[i], 12);
    for (auto& counters : nodes.pair) start(counters, prior[kMiddleLevel], 4);
    for (std::size_t i = 0; i < kNearContexts; ++i) {
      start(nodes.near[i], prior[parameters_.predict ? kMiddleLevel + 2 * (i % 8) - 6 : kMiddleLevel], 4);
    }
    for (auto& counters : nodes.column) start(counters, prior[kMiddleLevel], 4);
    for (Mixer& mixer : nodes.mixer) mixer.weights = {6000, 2500, 2500, 2500};
  }
  static void start(NodeCounters& counters, const std::array<std::uint32_t, kNodes>& chances,
                    std::uint32_t count) {
    for (std::size_t i = 0; i < kNodes; ++i) counters[i] = make_counter(chances[i], count);
  }

  // 2^12 / 2^(scale16 / 16)
  [[nodiscard]] static std::uint32_t inverse_scale(std::int32_t scale16) {
    const std::int32_t index = std::clamp(scale16, -kMaxScale16, kMaxScale16 - 1) + kMaxScale16;
    return kInverseScale[static_cast<std::size_t>(index)];
  }

  // What is known about a value before it is coded.
  struct Place {
    std::array<Counter*, kInputs> nodes;
    std::uint32_t inverse_scale;  // 2^12 over the expected magnitude, relative to the mean of the tensor
    std::int32_t predicted;       // value in 1/256 of the expected magnitude
    std::int32_t west, lagged;    // neighbours in 1/64 of the mean
    std::size_t column;
    std::size_t state_class;  // in a trellis, otherwise 0
    unsigned grid;            // likewise
  };

  bool code_node(Coder& coder, const Place& place, std::size_t node, bool bit) {
    return code_mixed(coder, nodes_[place.state_class].mixer[node], place.nodes, node, bit);
  }

  bool code_alone(Coder& coder, Counter& counter, bool bit) {
    bit = coder.code(std::clamp<std::uint32_t>(counter >> 16, kMinChance, 65536 - kMinChance), bit);
    update(counter, bit);
    return bit;
  }

  bool code_sign(Coder& coder, const Place& place, std::uint64_t magnitude, bool negative);
  std::uint64_t code_high(Coder& coder, const Place& place, std::uint64_t high);
  std::uint64_t code_low(Coder& coder, const Place& place, std::uint64_t high, std::uint64_t low);
  std::uint64_t code_escape(Coder& coder, std::uint64_t excess);
  std::int64_t code_value(Coder& coder, const Place& place, std::int64_t code);
  void finish_row(std::size_t row);

  [[nodiscard]] static std::size_t activity(std::int32_t log) {
    return std::size_t{log > -20} + std::size_t{log > -8} + std::size_t{log > 0} + std::size_t{log > 8} +
           std::size_t{log > 16} + std::size_t{log > 26};
  }
  // -3..3, in means
  [[nodiscard]] static std::int32_t in_means(std::int32_t value, std::int32_t limit) {
    return std::clamp((value + 32) >> 6, -limit, limit);
  }

  Coder& coder_;
  const Parameters parameters_;
  const std::size_t width_;
  const std::size_t period_;
  const std::uint32_t shift_;
  const std::uint32_t mean_norm_;  // 2^20 / mean

  Vector<std::int32_t> column_log_;    // 16 * log2 of a column's scale, relative to the mean
  Vector<std::uint32_t> column_norm_;  // 2^20 / (mean * column scale)
  Vector<std::uint32_t> column_sum_;
  Vector<std::int16_t> column_sign_;
  Vector<std::int16_t> seen_log_;     // 16 * log2 of how many values a row has before this column
  Vector<std::uint16_t> magnitudes_;  // previous and current row, 256 = mean * column scale
  Vector<std::int16_t> values_;       // previous and current row, 64 = mean

  // Of the decisions that make a magnitude.
  struct Nodes {
    std::array<NodeCounters, kLevels> level;
    std::array<NodeCounters, kPairs> pair;
    std::array<NodeCounters, kNearContexts> near;
    std::array<NodeCounters, kColumnContexts> column;
    std::array<Mixer, kNodes> mixer;
  };
  std::array<Nodes, kClasses> nodes_;
  std::array<Counter, 25> sign_pair_;
  std::array<Counter, 25 * kSignClasses> sign_predicted_;
  std::array<Counter, 256> sign_trend_;
  std::array<Mixer, kSignClasses> sign_mixer_;
  std::array<Counter, kEscapeBits + 1> escape_prefix_;
  std::array<Counter, kEscapeBits + 1> escape_top_;
  std::array<Counter, 96> low_;

  trellis::Paths paths_;
  Vector<TapWeights> tap_weights_;  // for each place in a kernel
  std::array<std::size_t, kTaps> lags_{};
  std::int32_t row_sign_ = 0;
  std::int32_t row_start16_ = 0;  // expected log scale of the next row
  std::int32_t row16_ = 0;
};

}  // namespace pith::loader::small

#include "loader/small_model_run_inl.h"  // the definitions
