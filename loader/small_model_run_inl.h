// Definitions of small_model_inl.h's templates; included by it alone.
#pragma once

#include "loader/small_model_inl.h"

namespace pith::loader::small {

template <BinaryCoder Coder>
[[gnu::always_inline]] inline bool Model<Coder>::code_sign(Coder& coder, const Place& place,
                                                           std::uint64_t magnitude, bool negative) {
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
  const std::array<Counter*, 3> counters = {&sign_pair_[index(west * 5 + lagged)],
                                            &sign_predicted_[index(predicted) * kSignClasses + size_class],
                                            &sign_trend_[index(place.trend)]};
  // For a Gaussian the odds of a sign are the product of value and expectation over the variance.
  const auto expected = static_cast<std::int16_t>(
      std::clamp<std::int64_t>(-(std::int64_t{place.predicted} * relative * 838 >> 16), -2000, 2000));
  Mixer& mixer = sign_mixer_[size_class];
  const Mixed mixed = mixed_of(mixer, counters, expected);
  negative = coder.code(mixed.chance, negative);
  learn(mixer, mixed, negative);
  for (Counter* counter : counters) update(*counter, negative);
  return negative;
}

// What is above the unary nodes: Elias gamma code of excess + 1.
template <BinaryCoder Coder>
[[gnu::noinline, gnu::cold]] std::uint64_t Model<Coder>::code_escape(Coder& coder, std::uint64_t excess) {
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

// The two highest of the low bits have nodes, the others a counter each.
template <BinaryCoder Coder>
[[gnu::always_inline]] inline std::uint64_t Model<Coder>::code_low(Coder& coder, const Mixed& first,
                                                                   const Place& place, std::uint64_t high,
                                                                   std::uint64_t low) {
  const std::size_t high_class = std::min<std::uint64_t>(high, 2);
  const std::size_t node = kUnaryNodes + 3 * high_class;
  std::uint32_t i = shift_ - 1;
  const auto bit = [&] { return (low >> i & 1U) != 0; };
  std::uint64_t result{code_node(coder, first, place, node, bit())};
  if (i == 0) return result;
  --i;
  result = result << 1 | std::uint64_t{code_alone(coder, place.nodes[0][node + 1 + result], bit())};
  while (i > 0) {
    --i;
    result = result << 1 | std::uint64_t{code_alone(coder, low_[std::size_t{3} * i + high_class], bit())};
  }
  return result;
}

// Without the 1 that is coded first. Chances are made ready before it is known whether they are wanted: the
// processor makes them while it waits for a bit.
template <BinaryCoder Coder>
[[gnu::always_inline]] inline std::uint64_t Model<Coder>::code_magnitude(Coder& coder, const Place& place,
                                                                         std::uint64_t magnitude) {
  const std::uint64_t wanted = magnitude >> shift_;
  Mixed next = mixed_at(place, 0);
  Mixed low = next;
  std::uint64_t high = 0;
  for (;;) {
    const Mixed now = next;
    next = mixed_at(place, high + 1);  // after the last one a node of low bits, which is not used
    if (shift_ != 0 && high <= 2) low = mixed_at(place, kUnaryNodes + 3 * high);
    if (!code_node(coder, now, place, high, wanted > high)) break;
    if (++high != kUnaryNodes) continue;
    // A magnitude of 2^33 or more, which no value has, is refused when it is stored.
    Coder copy = coder;
    high = std::min(kUnaryNodes + code_escape(copy, wanted - kUnaryNodes), kTooLarge >> shift_);
    coder = copy;
    break;
  }
  if (shift_ == 0) return high;
  return high << shift_ | code_low(coder, low, place, high, magnitude & ((std::uint64_t{1} << shift_) - 1));
}

template <BinaryCoder Coder>
[[gnu::always_inline]] inline std::int64_t Model<Coder>::code_value(Coder& coder, const Place& place,
                                                                    std::int64_t code) {
  const auto magnitude = static_cast<std::uint64_t>(code < 0 ? -code : code);
  const bool zero_first = parameters_.zero_first;
  if (zero_first && !code_node(coder, mixed_at(place, kZeroNode), place, kZeroNode, magnitude != 0)) return 0;
  const std::uint64_t coded =
      code_magnitude(coder, place, magnitude - std::uint64_t{zero_first}) + std::uint64_t{zero_first};
  if (coded == 0) return 0;
  const bool negative = code_sign(coder, place, (coded << shift_of_values_) - place.grid, code < 0);
  const std::int64_t mirror = -std::int64_t{negative};
  return (static_cast<std::int64_t>(coded) ^ mirror) - mirror;
}

template <BinaryCoder Coder>
template <class Values>
bool Model<Coder>::run(Values values) {
  constexpr bool kDecode = Values::kDecode;
  // Copies that live in registers, which members could not while memory is written.
  Coder coder = coder_;
  std::uint16_t* const magnitudes = magnitudes_.data() + width_;
  std::int16_t* const row_values = values_.data() + width_;
  const std::int32_t* const column_log = column_log_.data();
  const std::uint32_t* const column_norm = column_norm_.data();
  std::int16_t* const column_sign = column_sign_.data();
  const std::int16_t* const seen_log = seen_log_.data();
  TapWeights* const tap_weights = tap_weights_.data();
  Nodes* const all_nodes = nodes_.data();
  const std::uint64_t mean_norm = mean_norm_;
  const std::size_t width = width_;
  const std::size_t period = period_;
  const std::size_t first_lag = parameters_.first_lag;
  const bool predict = parameters_.predict;
  const bool in_trellis = parameters_.trellis.has_value();
  const auto lags = lags_;
  std::size_t row = 0;
  for (std::size_t start = 0; start < values.size(); start += width, ++row) {
    if constexpr (kDecode) {
      if (coder.exhausted()) return false;
    }
    const std::size_t columns = std::min(width, values.size() - start);
    const std::uint32_t expected = power16(row_start16_, 8);
    std::uint32_t sum = kRowPrior * expected;
    std::uint32_t recent = expected;
    std::int32_t row_sign = 0;
    std::size_t phase = 0;
    for (std::size_t column = 0; column < columns; ++column) {
      Place place;
      const std::int32_t row16 = log16(sum) - seen_log[column];
      const std::int32_t scale16 = row16 + column_log[column];
      place.inverse_scale = inverse_scale(scale16);
      place.west = row_values[static_cast<std::ptrdiff_t>(column) - 1];
      place.lagged = *(row_values + column - first_lag);
      place.predicted = 0;
      place.trend =
          (std::clamp(column_sign[column] >> 4, -8, 7) + 8) * 16 + std::clamp(row_sign >> 3, -8, 7) + 8;
      Taps taps;
      std::int32_t prediction = 0;
      std::size_t near_context = 0;
      const std::int32_t level =
          std::clamp(((scale16 + 2) >> 2) + kMiddleLevel, 0, std::int32_t{kLevels} - 1);
      if (predict) {
        const std::int32_t coarse = std::clamp(((scale16 + 8) >> 3) + 3, 0, 7);
        taps = Taps(row_values + column, lags);
        prediction = taps.predict(tap_weights[phase]);
        place.predicted = static_cast<std::int32_t>(
            std::clamp<std::int64_t>(std::int64_t{prediction} * place.inverse_scale >> 10, -32767, 32767));
        near_context =
            std::min<std::size_t>(static_cast<std::size_t>(std::abs(place.predicted)) * 3 >> 8, 7) * 8 +
            static_cast<std::size_t>(coarse);
      } else {
        const std::uint32_t west = magnitudes[static_cast<std::ptrdiff_t>(column) - 1];
        const std::uint32_t north = *(magnitudes + column - width);
        const std::uint32_t lagged = *(magnitudes + column - first_lag);
        near_context = activity(log16(recent + 8) - 128 - row16) * 8 +
                       activity(log16(2 * north + lagged + west + 8) - 160 - row16);
      }
      const auto pair = static_cast<std::size_t>(in_means(place.west, 3) + 3) * 7 +
                        static_cast<std::size_t>(in_means(place.lagged, 3) + 3);
      const std::size_t column_context =
          period > 1 ? phase
          : width <= kColumnContexts
              ? column
              : static_cast<std::size_t>(std::clamp(column_log[column] / 2 + 64, 0, 127));
      const std::uint8_t state = in_trellis ? paths_.state() : std::uint8_t{0};  // of grid and class 0
      place.grid = trellis::grid_of(state);
      Nodes& nodes = all_nodes[trellis::class_of(state)];
      place.nodes = {nodes.level[static_cast<std::size_t>(level)].data(), nodes.near[near_context].data(),
                     nodes.pair[pair].data(), nodes.column[column_context].data()};
      place.mixers = nodes.mixer.data();

      std::int64_t code = 0;
      if constexpr (!kDecode) code = parameters_.code_of(values.values[start + column]);
      if (in_trellis) {
        const std::int64_t index =
            code_value(coder, place, kDecode ? 0 : *trellis::index_of(code, place.grid));
        code = trellis::value_of(index, place.grid);
        paths_.advance(index);
      } else {
        code = code_value(coder, place, code);
      }
      if constexpr (kDecode) {
        if (!values.put(start + column, parameters_.value_of(code))) return false;
      }

      const std::uint64_t magnitude =
          std::min<std::uint64_t>(static_cast<std::uint64_t>(code < 0 ? -code : code), 1U << 24);
      const auto now = static_cast<std::uint32_t>(
          std::min<std::uint64_t>(magnitude * column_norm[column] >> 12, kMaxMagnitude));
      magnitudes[column] = static_cast<std::uint16_t>(now);
      const auto size = static_cast<std::int32_t>(std::min<std::uint64_t>(magnitude * mean_norm >> 14, 511));
      const std::int32_t value64 = code < 0 ? -size : size;
      row_values[column] = static_cast<std::int16_t>(value64);
      sum += now;
      recent += static_cast<std::uint32_t>(static_cast<std::int32_t>(now - recent) >> 3);
      row_sign += ((value64 >> 2) - row_sign) >> 4;
      column_sign[column] =
          static_cast<std::int16_t>(column_sign[column] + ((value64 - column_sign[column]) >> 4));
      if (predict) {
        const std::int32_t error = std::clamp(value64 - prediction, -511, 511);
        taps.learn(tap_weights[phase], error);
      }
      if (++phase == period) phase = 0;
    }
    finish_row(row, columns, sum);
  }
  coder_ = coder;
  return true;
}

}  // namespace pith::loader::small
