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

#include "loader/small_mixer_inl.h"
#include "loader/small_state.h"
#include "loader/small_tables.h"

namespace pith::loader::small {

// A binary coder: `bit` is coded with the chance `chance` / 65536 of a 1. An encoder returns `bit`; a decoder
// ignores it and returns what it reads.
template <class Coder>
concept BinaryCoder = requires(Coder coder, std::uint32_t chance, bool bit) {
  { coder.code(chance, bit) } -> std::same_as<bool>;
};

inline constexpr std::uint64_t kTooLarge = std::uint64_t{1} << 33;  // for a magnitude
inline constexpr std::uint32_t kMaxMagnitude = 32767;

// What a model codes: an encoder's values, or a place for a decoder's.
template <class T>
struct Given {
  static constexpr bool kDecode = false;
  std::span<const T> values;

  [[nodiscard]] std::size_t size() const { return values.size(); }
};
// Integers of a type whose least one is `low`, stored in one of the same size.
template <class T>
struct Decoded {
  static constexpr bool kDecode = true;
  std::span<T> values;
  std::int64_t low;

  [[nodiscard]] std::size_t size() const { return values.size(); }
  // False: it does not fit.
  [[nodiscard]] bool put(std::size_t i, std::int64_t value) const {
    values[i] = static_cast<T>(value);
    return static_cast<std::uint64_t>(value) - static_cast<std::uint64_t>(low) <=
           std::numeric_limits<std::make_unsigned_t<T>>::max();
  }
};

// The values of a trellis (Parameters::trellis) are coded as indices; their contexts are the values.
template <BinaryCoder Coder>
class Model : State {
 public:
  // For `count` values, the product of the dimensions.
  Model(Coder& coder, const Parameters& parameters, const CodeShape& shape, std::size_t count)
      : State(parameters, shape, count),
        coder_(coder),
        shift_(parameters.shift),
        shift_of_values_(parameters.trellis.has_value() ? 1 : 0) {}

  // Codes all of `values`. False if a decoded value does not fit the type or the coder is exhausted at the
  // start of a row.
  template <class Values>
  [[nodiscard]] bool run(Values values);

 private:
  // 2^12 / 2^(scale16 / 16)
  [[nodiscard]] static std::uint32_t inverse_scale(std::int32_t scale16) {
    const std::int32_t index = std::clamp(scale16, -kMaxScale16, kMaxScale16 - 1) + kMaxScale16;
    return inverse_scale_at[static_cast<std::size_t>(index)];
  }

  // What is known about a value before it is coded.
  struct Place {
    Counters nodes;
    Mixer* mixers;                // likewise one a node
    std::uint32_t inverse_scale;  // 2^12 over the expected magnitude, relative to the mean of the tensor
    std::int32_t predicted;       // value in 1/256 of the expected magnitude
    std::int32_t west, lagged;    // neighbours in 1/64 of the mean
    std::int32_t trend;           // of the signs of row and column, 0..255
    unsigned grid;                // in a trellis, otherwise 0
  };

  static Mixed mixed_at(const Place& place, std::size_t node) {
    return mixed_of(place.mixers[node], place.nodes, node);
  }
  bool code_node(Coder& coder, const Mixed& mixed, const Place& place, std::size_t node, bool bit) {
    return code_mixed(coder, mixed, place.mixers[node], place.nodes, node, bit);
  }

  static bool code_alone(Coder& coder, Counter& counter, bool bit) {
    bit = coder.code(std::clamp<std::uint32_t>(counter >> 16, kMinChance, 65536 - kMinChance), bit);
    update(counter, bit);
    return bit;
  }

  bool code_sign(Coder& coder, const Place& place, std::uint64_t magnitude, bool negative);
  std::uint64_t code_low(Coder& coder, const Mixed& first, const Place& place, std::uint64_t high,
                         std::uint64_t low);
  std::uint64_t code_escape(Coder& coder, std::uint64_t excess);
  std::uint64_t code_magnitude(Coder& coder, const Place& place, std::uint64_t magnitude);
  std::int64_t code_value(Coder& coder, const Place& place, std::int64_t code);

  [[nodiscard]] static std::size_t activity(std::int32_t log) {
    return std::size_t{log > -20} + std::size_t{log > -8} + std::size_t{log > 0} + std::size_t{log > 8} +
           std::size_t{log > 16} + std::size_t{log > 26};
  }
  // -3..3, in means
  [[nodiscard]] static std::int32_t in_means(std::int32_t value, std::int32_t limit) {
    return std::clamp((value + 32) >> 6, -limit, limit);
  }

  Coder& coder_;
  const std::uint32_t shift_;
  const unsigned shift_of_values_;  // 1 in a trellis, whose integers are about twice their indices
};

}  // namespace pith::loader::small

#include "loader/small_model_run_inl.h"  // the definitions
