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
  const std::uint32_t mirror = (0 - std::uint32_t{bit}) & 0xFFFF0000U;
  const std::uint32_t mirrored = counter ^ mirror;
  const std::uint32_t rate = counter & 0xFFFFU;
  counter = (mirrored - ((mirrored >> 16) * rate & 0xFFFF0000U) - (rate * rate >> 16)) ^ mirror;
}

inline std::int16_t odds_of(Counter counter) {
  return odds_at[counter >> 20];
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
  return chance_at[static_cast<std::size_t>(std::clamp(sum >> 14, -kMaxOdds, kMaxOdds) + 3072) >> 2];
}

// What a weight moves by is this times the odds, in 2^-16.
inline std::int32_t mixer_step(Mixer& mixer, std::uint32_t chance, bool bit) {
  const std::int32_t error = (std::int32_t{bit} << 16) - static_cast<std::int32_t>(chance);
  const std::int32_t step = error * kMixerRate[mixer.count] >> 10;
  mixer.count = static_cast<std::uint16_t>(mixer.count + std::uint16_t{mixer.count < kMixerSettled});
  return step;
}

// The four counters of a decision are element `at` of these.
using Counters = std::array<Counter*, kInputs>;

// A decision that is ready to be coded. It may be made before another one with another mixer and other
// counters is coded, so that whatever comes of that one its own chance is there already.
struct Mixed {
#if defined(__SSE2__)
  __m128i odds;  // the upper four are 0
#else
  Odds odds;
#endif
  std::uint32_t chance;
};

#if defined(__SSE2__)
inline void set_chance(const Mixer& mixer, Mixed& mixed) {
  const __m128i weights = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(mixer.weights.data()));
  __m128i sums = _mm_madd_epi16(mixed.odds, weights);
  sums = _mm_add_epi32(sums, _mm_shuffle_epi32(sums, 1));
  mixed.chance = chance_of_sum(_mm_cvtsi128_si32(sums));
}

inline Mixed mixed_of(const Mixer& mixer, const Counters& counters, std::size_t at) {
  Mixed mixed;
  mixed.odds = _mm_cvtsi32_si128(static_cast<std::uint16_t>(odds_of(counters[0][at])));
  mixed.odds = _mm_insert_epi16(mixed.odds, odds_of(counters[1][at]), 1);
  mixed.odds = _mm_insert_epi16(mixed.odds, odds_of(counters[2][at]), 2);
  mixed.odds = _mm_insert_epi16(mixed.odds, odds_of(counters[3][at]), 3);
  set_chance(mixer, mixed);
  return mixed;
}

// The last odds are given.
inline Mixed mixed_of(const Mixer& mixer, const std::array<Counter*, 3>& counters, std::int16_t last) {
  Mixed mixed;
  mixed.odds = _mm_cvtsi32_si128(static_cast<std::uint16_t>(odds_of(*counters[0])));
  mixed.odds = _mm_insert_epi16(mixed.odds, odds_of(*counters[1]), 1);
  mixed.odds = _mm_insert_epi16(mixed.odds, odds_of(*counters[2]), 2);
  mixed.odds = _mm_insert_epi16(mixed.odds, last, 3);
  set_chance(mixer, mixed);
  return mixed;
}

inline void learn(Mixer& mixer, const Mixed& mixed, bool bit) {
  auto* const stored = reinterpret_cast<__m128i*>(mixer.weights.data());
  const __m128i step = _mm_set1_epi16(static_cast<std::int16_t>(mixer_step(mixer, mixed.chance, bit)));
  const __m128i change =
      _mm_add_epi16(_mm_mulhi_epi16(mixed.odds, step), _mm_srli_epi16(_mm_mullo_epi16(mixed.odds, step), 15));
  _mm_storel_epi64(stored, _mm_adds_epi16(_mm_loadl_epi64(stored), change));
}

inline void update(const Counters& counters, std::size_t at, bool bit) {
  const auto load = [&](std::size_t i) { return _mm_cvtsi32_si128(static_cast<int>(counters[i][at])); };
  const __m128i mirror =
      _mm_set1_epi32(-static_cast<std::int32_t>(bit) & static_cast<std::int32_t>(0xFFFF0000U));
  __m128i state =
      _mm_unpacklo_epi64(_mm_unpacklo_epi32(load(0), load(1)), _mm_unpacklo_epi32(load(2), load(3)));
  state = _mm_xor_si128(state, mirror);
  // Each half times the rate, which is the lower half of both factors here.
  const __m128i rates = _mm_shufflehi_epi16(_mm_shufflelo_epi16(state, 0xA0), 0xA0);
  state = _mm_xor_si128(_mm_sub_epi16(state, _mm_mulhi_epu16(state, rates)), mirror);
  counters[0][at] = static_cast<Counter>(_mm_cvtsi128_si32(state));
  counters[1][at] = static_cast<Counter>(_mm_cvtsi128_si32(_mm_shuffle_epi32(state, 1)));
  counters[2][at] = static_cast<Counter>(_mm_cvtsi128_si32(_mm_shuffle_epi32(state, 2)));
  counters[3][at] = static_cast<Counter>(_mm_cvtsi128_si32(_mm_shuffle_epi32(state, 3)));
}
#else
inline void set_chance(const Mixer& mixer, Mixed& mixed) {
  std::int32_t sum = 0;
  for (std::size_t i = 0; i < kInputs; ++i) sum += std::int32_t{mixed.odds[i]} * mixer.weights[i];
  mixed.chance = chance_of_sum(sum);
}

inline Mixed mixed_of(const Mixer& mixer, const Counters& counters, std::size_t at) {
  Mixed mixed;
  for (std::size_t i = 0; i < kInputs; ++i) mixed.odds[i] = odds_of(counters[i][at]);
  set_chance(mixer, mixed);
  return mixed;
}

// The last odds are given.
inline Mixed mixed_of(const Mixer& mixer, const std::array<Counter*, 3>& counters, std::int16_t last) {
  Mixed mixed;
  mixed.odds = {odds_of(*counters[0]), odds_of(*counters[1]), odds_of(*counters[2]), last};
  set_chance(mixer, mixed);
  return mixed;
}

inline void learn(Mixer& mixer, const Mixed& mixed, bool bit) {
  const std::int32_t step = mixer_step(mixer, mixed.chance, bit);
  for (std::size_t i = 0; i < kInputs; ++i) {
    const std::int32_t moved = mixer.weights[i] + ((mixed.odds[i] * step + 32768) >> 16);
    mixer.weights[i] = static_cast<std::int16_t>(std::clamp(moved, -32768, 32767));
  }
}

inline void update(const Counters& counters, std::size_t at, bool bit) {
  for (Counter* counter : counters) update(counter[at], bit);
}
#endif

// Codes a bit with the mixed chance of four counters and teaches mixer and counters.
template <class Coder>
inline bool code_mixed(Coder& coder, const Mixed& mixed, Mixer& mixer, const Counters& counters,
                       std::size_t at, bool bit) {
  bit = coder.code(mixed.chance, bit);
  learn(mixer, mixed, bit);
  update(counters, at, bit);
  return bit;
}

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
