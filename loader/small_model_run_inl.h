// Definitions of small_model_inl.h's templates; included by it alone.
#pragma once

#include "loader/small_model_inl.h"

namespace pith::loader::small {

template <BinaryCoder Coder, bool kTrellis>
inline bool Model<Coder, kTrellis>::code_sign(Coder& coder, const Place& place, std::uint64_t magnitude,
                                              bool negative) {
  if (!parameters_.model_signs) return coder.code(32768, negative);
  // The magnitude in 1/256 of the expected one.
  const std::uint64_t in_mean = std::min<std::uint64_t>(magnitude, 1U << 24) * mean_norm_ >> 12;
  const auto relative = static_cast<std::int32_t>(std::min<std::uint64_t>(
      std::min<std::uint64_t>(in_mean, 1U << 24) * place.inverse_scale >> 12, kMaxMagnitude));
  const std::size_t size_class = std::min<std::size_t>(static_cast<std::size_t>(relative * 107) >> 14, 3);
  const auto index = [](std::int32_t value) { return static_cast<std::size_t>(value); };
  const std::int32_t west = in_means(place.west, 2) + 2;
  const std::int32_t lagged = in_means(place.lagged, 2) + 2;
  const std::int32_t predicted = std::clamp((place.predicted * 5 + 128) >> 8, -12, 12) + 12;
  const std::int32_t column = std::clamp(column_sign_[place.column] >> 4, -8, 7) + 8;
  const std::int32_t row = std::clamp(row_sign_ >> 3, -8, 7) + 8;
  const std::array<Counter*, 3> counters = {&sign_pair_[index(west * 5 + lagged)],
                                            &sign_predicted_[index(predicted) * kSignClasses + size_class],
                                            &sign_trend_[index(column * 16 + row)]};
  Odds odds;
  for (std::size_t i = 0; i < counters.size(); ++i) odds[i] = odds_of(*counters[i]);
  // For a Gaussian the odds of a sign are the product of value and expectation over the variance.
  odds[3] = static_cast<std::int16_t>(
      std::clamp<std::int64_t>(-(std::int64_t{place.predicted} * relative * 838 >> 16), -2000, 2000));
  Mixer& mixer = sign_mixer_[size_class];
  const std::uint32_t chance = mix(mixer, odds);
  negative = coder.code(chance, negative);
  learn(mixer, odds, chance, negative);
  for (Counter* counter : counters) update(*counter, negative);
  return negative;
}

// What is above the unary nodes: Elias gamma code of excess + 1.
template <BinaryCoder Coder, bool kTrellis>
std::uint64_t Model<Coder, kTrellis>::code_escape(Coder& coder, std::uint64_t excess) {
  const std::uint64_t number = excess + 1;
  const auto wanted = static_cast<std::uint32_t>(std::bit_width(number)) - 1;
  std::uint32_t bits = 0;
  while (bits < kEscapeBits && code_alone(coder, escape_prefix_[bits], bits < wanted)) ++bits;
  std::uint64_t result = 1;
  for (std::uint32_t i = bits; i-- > 0;) {
    const bool bit = (number >> i & 1U) != 0;
    result = result << 1 | std::uint64_t{i + 1 == bits ? code_alone(coder, escape_top_[bits], bit)
                                                       : coder.code(32768, bit)};
  }
  return result - 1;
}

template <BinaryCoder Coder, bool kTrellis>
inline std::uint64_t Model<Coder, kTrellis>::code_high(Coder& coder, const Place& place, std::uint64_t high) {
  for (std::size_t node = 0; node < kUnaryNodes; ++node) {
    if (!code_node(coder, place, node, high > node)) return node;
  }
  // A magnitude of 2^33 or more, which no value has, is refused when it is stored.
  return std::min(kUnaryNodes + code_escape(coder, high - kUnaryNodes), kTooLarge >> shift_);
}

// The two highest of the low bits have nodes, the others a counter each.
template <BinaryCoder Coder, bool kTrellis>
inline std::uint64_t Model<Coder, kTrellis>::code_low(Coder& coder, const Place& place, std::uint64_t high,
                                                      std::uint64_t low) {
  const std::size_t high_class = std::min<std::uint64_t>(high, 2);
  const std::size_t node = kUnaryNodes + 3 * high_class;
  std::uint64_t result = 0;
  for (std::uint32_t i = shift_; i-- > 0;) {
    const bool bit = (low >> i & 1U) != 0;
    const std::uint32_t depth = shift_ - 1 - i;
    const bool coded = depth == 0   ? code_node(coder, place, node, bit)
                       : depth == 1 ? code_alone(coder, place.nodes[0][node + 1 + result], bit)
                                    : code_alone(coder, low_[std::size_t{3} * i + high_class], bit);
    result = result << 1 | std::uint64_t{coded};
  }
  return result;
}

template <BinaryCoder Coder, bool kTrellis>
inline std::int64_t Model<Coder, kTrellis>::code_value(Coder& coder, const Place& place, std::int64_t code) {
  const auto magnitude = static_cast<std::uint64_t>(code < 0 ? -code : code);
  const std::uint64_t zeros = parameters_.zero_first ? 1 : 0;
  if (zeros != 0 && !code_node(coder, place, kZeroNode, magnitude != 0)) return 0;
  const std::uint64_t rest = magnitude - zeros;
  std::uint64_t coded = code_high(coder, place, rest >> shift_);
  if (shift_ > 0)
    coded = coded << shift_ | code_low(coder, place, coded, rest & ((std::uint64_t{1} << shift_) - 1));
  coded += zeros;
  if (coded == 0) return 0;
  const bool negative = code_sign(coder, place, kTrellis ? 2 * coded - place.grid : coded, code < 0);
  const auto result = static_cast<std::int64_t>(coded);
  return negative ? -result : result;
}

template <BinaryCoder Coder, bool kTrellis>
template <class T>
bool Model<Coder, kTrellis>::run(std::span<T> values) {
  constexpr bool kDecode = !std::is_const_v<T>;
  using Value = std::remove_const_t<T>;
  std::uint16_t* const magnitudes = magnitudes_.data() + width_;
  std::int16_t* const row_values = values_.data() + width_;
  const std::size_t first_lag = parameters_.first_lag;
  // A copy that lives in registers, which a reference could not.
  Coder coder = coder_;
  std::size_t row = 0;
  for (std::size_t start = 0; start < values.size(); start += width_, ++row) {
    if constexpr (kDecode) {
      if (coder.exhausted()) return false;
    }
    const std::size_t columns = std::min(width_, values.size() - start);
    const std::uint32_t expected = power16(row_start16_, 8);
    std::uint32_t sum = kRowPrior * expected;
    std::uint32_t recent = expected;
    row_sign_ = 0;
    std::size_t phase = 0;
    for (std::size_t column = 0; column < columns; ++column) {
      Place place;
      place.column = column;
      const std::int32_t row16 = log16(sum) - seen_log_[column];
      const std::int32_t scale16 = row16 + column_log_[column];
      place.inverse_scale = inverse_scale(scale16);
      place.west = row_values[static_cast<std::ptrdiff_t>(column) - 1];
      place.lagged = *(row_values + column - first_lag);
      place.predicted = 0;
      Taps taps;
      std::int32_t prediction = 0;
      std::size_t near_context = 0;
      const std::int32_t level =
          std::clamp(((scale16 + 2) >> 2) + kMiddleLevel, 0, std::int32_t{kLevels} - 1);
      const std::int32_t coarse = std::clamp(((scale16 + 8) >> 3) + 3, 0, 7);
      if (parameters_.predict) {
        taps = Taps(row_values + column, lags_);
        prediction = taps.predict(tap_weights_[phase]);
        place.predicted = static_cast<std::int32_t>(
            std::clamp<std::int64_t>(std::int64_t{prediction} * place.inverse_scale >> 10, -32767, 32767));
        near_context =
            std::min<std::size_t>(static_cast<std::size_t>(std::abs(place.predicted)) * 3 >> 8, 7) * 8 +
            static_cast<std::size_t>(coarse);
      } else {
        const std::uint32_t west = magnitudes[static_cast<std::ptrdiff_t>(column) - 1];
        const std::uint32_t north = *(magnitudes + column - width_);
        const std::uint32_t lagged = *(magnitudes + column - first_lag);
        near_context = activity(log16(recent + 8) - 128 - row16) * 8 +
                       activity(log16(2 * north + lagged + west + 8) - 160 - row16);
      }
      const auto pair = static_cast<std::size_t>(in_means(place.west, 3) + 3) * 7 +
                        static_cast<std::size_t>(in_means(place.lagged, 3) + 3);
      const std::size_t column_context =
          period_ > 1 ? phase
          : width_ <= kColumnContexts
              ? column
              : static_cast<std::size_t>(std::clamp(column_log_[column] / 2 + 64, 0, 127));
      place.grid = kTrellis ? trellis::grid_of(paths_.state()) : 0;
      place.state_class = kTrellis ? trellis::class_of(paths_.state()) : 0;
      Nodes& nodes = nodes_[place.state_class];
      place.nodes = {nodes.level[static_cast<std::size_t>(level)].data(), nodes.near[near_context].data(),
                     nodes.pair[pair].data(), nodes.column[column_context].data()};

      std::int64_t code = 0;
      if constexpr (!kDecode) code = parameters_.code_of(values[start + column]);
      if constexpr (kTrellis) {
        const std::int64_t index =
            code_value(coder, place, kDecode ? 0 : *trellis::index_of(code, place.grid));
        code = trellis::value_of(index, place.grid);
        paths_.advance(index);
      } else {
        code = code_value(coder, place, code);
      }
      if constexpr (kDecode) {
        const std::int64_t value = parameters_.value_of(code);
        if (value < std::numeric_limits<Value>::min() || value > std::numeric_limits<Value>::max())
          return false;
        values[start + column] = static_cast<Value>(value);
      }

      const std::uint64_t magnitude =
          std::min<std::uint64_t>(static_cast<std::uint64_t>(code < 0 ? -code : code), 1U << 24);
      const auto now = static_cast<std::uint32_t>(
          std::min<std::uint64_t>(magnitude * column_norm_[column] >> 12, kMaxMagnitude));
      magnitudes[column] = static_cast<std::uint16_t>(now);
      const auto size = static_cast<std::int32_t>(std::min<std::uint64_t>(magnitude * mean_norm_ >> 14, 511));
      const std::int32_t value64 = code < 0 ? -size : size;
      row_values[column] = static_cast<std::int16_t>(value64);
      sum += now;
      recent += static_cast<std::uint32_t>(static_cast<std::int32_t>(now - recent) >> 3);
      row_sign_ += ((value64 >> 2) - row_sign_) >> 4;
      column_sign_[column] =
          static_cast<std::int16_t>(column_sign_[column] + ((value64 - column_sign_[column]) >> 4));
      if (parameters_.predict) {
        const std::int32_t error = std::clamp(value64 - prediction, -511, 511);
        taps.learn(tap_weights_[phase], error);
      }
      if (++phase == period_) phase = 0;
    }
    row16_ = std::clamp(log16(sum) - log16(static_cast<std::uint32_t>(columns) + kRowPrior) - 128, -128, 112);
    if (columns == width_) finish_row(row);
  }
  coder_ = coder;
  return true;
}

// Brings the column scales up to date with a row that is complete and makes it the previous one.
template <BinaryCoder Coder, bool kTrellis>
void Model<Coder, kTrellis>::finish_row(std::size_t row) {
  row_start16_ += (row16_ - row_start16_) >> 2;
  const std::uint32_t row_inverse = power16(-row16_, 12);
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
