// How the `small` coder learns (docs/coders.md, "Coder small"): counters that
// follow one kind of decision each, and mixers that weigh four of them.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "loader/small_tables.h"

namespace pith::loader::small {

// A chance of a 1 with 16 bits above a rate with 16 bits: how far the chance moves with each bit. The rate
// goes from 1/n to about 1/(n + 1), down to 1/257.
using Counter = std::uint32_t;

// `count`: after how many bits a counter would have this rate.
constexpr Counter make_counter(std::uint32_t chance22, std::uint32_t count) {
  return (chance22 >> 6) << 16 | 65536 * 5 / (5 * count + 8);
}

inline void update(Counter& counter, bool bit) {
  // From the far end for a 1, so that it is the same step for both.
  const std::uint32_t mirror = bit ? 0xFFFF0000U : 0;
  const std::uint32_t mirrored = counter ^ mirror;
  const std::uint32_t rate = counter & 0xFFFFU;
  counter = (mirrored - ((mirrored >> 16) * rate & 0xFFFF0000U) - (rate * rate >> 16)) ^ mirror;
}

inline std::int16_t odds_of(Counter counter) {
  return kOdds[counter >> 20];
}

inline constexpr std::size_t kInputs = 4;
using Odds = std::array<std::int16_t, kInputs>;

// Weights of the inputs of one kind of decision, 16384 = 1, and how often they were used.
struct Mixer {
  std::array<std::int16_t, kInputs> weights{};
  std::uint16_t count = 0;
};

inline constexpr std::uint32_t kMixerSettled = 255;
inline constexpr std::array<std::int16_t, kMixerSettled + 1> kMixerRate = [] {
  std::array<std::int16_t, kMixerSettled + 1> rate{};
  for (std::size_t n = 0; n <= kMixerSettled; ++n) {
    rate[n] = static_cast<std::int16_t>(176 + std::size_t{224} * 64 / (n + 64));
  }
  return rate;
}();

// The chance of a 1 from the weighted sum of the odds.
inline std::uint32_t chance_of_sum(std::int32_t sum) {
  return kChance[static_cast<std::size_t>(std::clamp(sum >> 14, -kMaxOdds, kMaxOdds) + 3072) >> 2];
}

// What a weight moves by is this times the odds, in 2^-16.
inline std::int32_t mixer_step(Mixer& mixer, std::uint32_t chance, bool bit) {
  const std::int32_t error = (bit ? 65536 : 0) - static_cast<std::int32_t>(chance);
  const std::int32_t step = error * kMixerRate[mixer.count] >> 10;
  mixer.count = static_cast<std::uint16_t>(mixer.count + (mixer.count < kMixerSettled ? 1 : 0));
  return step;
}

inline std::uint32_t mix(const Mixer& mixer, const Odds& odds) {
  std::int32_t sum = 0;
  for (std::size_t i = 0; i < kInputs; ++i) sum += std::int32_t{odds[i]} * mixer.weights[i];
  return chance_of_sum(sum);
}

inline void learn(Mixer& mixer, const Odds& odds, std::uint32_t chance, bool bit) {
  const std::int32_t step = mixer_step(mixer, chance, bit);
  for (std::size_t i = 0; i < kInputs; ++i) {
    const std::int32_t moved = mixer.weights[i] + ((odds[i] * step + 32768) >> 16);
    mixer.weights[i] = static_cast<std::int16_t>(std::clamp(moved, -32768, 32767));
  }
}

// Codes a bit with the mixed chance of four counters and teaches mixer and counters: mix, code, learn,
// update.
#if defined(__SSE2__)
template <class Coder>
inline bool code_mixed(Coder& coder, Mixer& mixer, const std::array<Counter*, kInputs>& counters,
                       std::size_t at, bool bit) {
  const Counter c0 = counters[0][at];
  const Counter c1 = counters[1][at];
  const Counter c2 = counters[2][at];
  const Counter c3 = counters[3][at];
  __m128i odds = _mm_cvtsi32_si128(odds_of(c0));
  odds = _mm_insert_epi16(odds, odds_of(c1), 1);
  odds = _mm_insert_epi16(odds, odds_of(c2), 2);
  odds = _mm_insert_epi16(odds, odds_of(c3), 3);
  const __m128i weights = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(mixer.weights.data()));
  __m128i sums = _mm_madd_epi16(odds, weights);  // the weights of the upper, undefined odds are 0
  sums = _mm_add_epi32(sums, _mm_shuffle_epi32(sums, 1));
  const std::uint32_t chance = chance_of_sum(_mm_cvtsi128_si32(sums));

  bit = coder.code(chance, bit);

  const __m128i step = _mm_set1_epi16(static_cast<std::int16_t>(mixer_step(mixer, chance, bit)));
  const __m128i change =
      _mm_add_epi16(_mm_mulhi_epi16(odds, step), _mm_srli_epi16(_mm_mullo_epi16(odds, step), 15));
  _mm_storel_epi64(reinterpret_cast<__m128i*>(mixer.weights.data()), _mm_adds_epi16(weights, change));

  const __m128i mirror = _mm_set1_epi32(bit ? static_cast<std::int32_t>(0xFFFF0000U) : 0);
  __m128i state = _mm_unpacklo_epi64(
      _mm_unpacklo_epi32(_mm_cvtsi32_si128(static_cast<int>(c0)), _mm_cvtsi32_si128(static_cast<int>(c1))),
      _mm_unpacklo_epi32(_mm_cvtsi32_si128(static_cast<int>(c2)), _mm_cvtsi32_si128(static_cast<int>(c3))));
  state = _mm_xor_si128(state, mirror);
  // Each half times the rate, which is the lower half of both factors here.
  const __m128i rates = _mm_shufflehi_epi16(_mm_shufflelo_epi16(state, 0xA0), 0xA0);
  state = _mm_xor_si128(_mm_sub_epi16(state, _mm_mulhi_epu16(state, rates)), mirror);
  counters[0][at] = static_cast<Counter>(_mm_cvtsi128_si32(state));
  counters[1][at] = static_cast<Counter>(_mm_cvtsi128_si32(_mm_shuffle_epi32(state, 1)));
  counters[2][at] = static_cast<Counter>(_mm_cvtsi128_si32(_mm_shuffle_epi32(state, 2)));
  counters[3][at] = static_cast<Counter>(_mm_cvtsi128_si32(_mm_shuffle_epi32(state, 3)));
  return bit;
}
#else
template <class Coder>
inline bool code_mixed(Coder& coder, Mixer& mixer, const std::array<Counter*, kInputs>& counters,
                       std::size_t at, bool bit) {
  Odds odds;
  for (std::size_t i = 0; i < kInputs; ++i) odds[i] = odds_of(counters[i][at]);
  const std::uint32_t chance = mix(mixer, odds);
  bit = coder.code(chance, bit);
  learn(mixer, odds, chance, bit);
  for (Counter* counter : counters) update(counter[at], bit);
  return bit;
}
#endif

// A linear predictor that learns from each value: eight neighbours in -511..511 and their weights, 16384 = 1.
inline constexpr std::size_t kTaps = 8;
using TapWeights = std::array<std::int16_t, kTaps>;

#if defined(__SSE2__)
class Taps {
 public:
  Taps() = default;
  // The values at these distances before `at`.
  Taps(const std::int16_t* at, const std::array<std::size_t, kTaps>& lags)
      : taps_(_mm_set_epi16(*(at - lags[7]), *(at - lags[6]), *(at - lags[5]), *(at - lags[4]),
                            *(at - lags[3]), *(at - lags[2]), *(at - lags[1]), *(at - lags[0]))) {}

  [[nodiscard]] std::int32_t predict(const TapWeights& weights) const {
    __m128i sums = _mm_madd_epi16(taps_, _mm_loadu_si128(reinterpret_cast<const __m128i*>(weights.data())));
    sums = _mm_add_epi32(sums, _mm_shuffle_epi32(sums, 0x4E));
    sums = _mm_add_epi32(sums, _mm_shuffle_epi32(sums, 1));
    return _mm_cvtsi128_si32(sums) >> 14;
  }
  // `error`, in -511..511, is the value less the prediction.
  void learn(TapWeights& weights, std::int32_t error) const {
    auto* const stored = reinterpret_cast<__m128i*>(weights.data());
    const __m128i factor = _mm_set1_epi16(static_cast<std::int16_t>(error * 64));
    const __m128i taps = _mm_slli_epi16(taps_, 3);
    const __m128i change =
        _mm_add_epi16(_mm_mulhi_epi16(taps, factor), _mm_srli_epi16(_mm_mullo_epi16(taps, factor), 15));
    _mm_storeu_si128(stored, _mm_adds_epi16(_mm_loadu_si128(stored), change));
  }

 private:
  __m128i taps_{};
};
#else
class Taps {
 public:
  Taps() = default;
  Taps(const std::int16_t* at, const std::array<std::size_t, kTaps>& lags) {
    for (std::size_t i = 0; i < kTaps; ++i) taps_[i] = *(at - lags[i]);
  }

  [[nodiscard]] std::int32_t predict(const TapWeights& weights) const {
    std::int32_t sum = 0;
    for (std::size_t i = 0; i < kTaps; ++i) sum += std::int32_t{taps_[i]} * weights[i];
    return sum >> 14;
  }
  void learn(TapWeights& weights, std::int32_t error) const {
    for (std::size_t i = 0; i < kTaps; ++i) {
      const std::int32_t moved = weights[i] + ((error * taps_[i] + 64) >> 7);
      weights[i] = static_cast<std::int16_t>(std::clamp(moved, -32768, 32767));
    }
  }

 private:
  std::array<std::int16_t, kTaps> taps_{};
};
#endif

}  // namespace pith::loader::small
