// What the model of the `small` coder knows while it runs (docs/coders.md, "Coder small"): everything that
// does not depend on which binary coder it runs over.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "loader/memory.h"
#include "loader/small_format.h"
#include "loader/small_mixer_inl.h"
#include "loader/small_prior.h"
#include "loader/trellis.h"

namespace pith::loader::small {

inline constexpr std::uint32_t kEscapeBits = 33;
inline constexpr std::size_t kPairs = 49;  // 7 x 7 classes of two neighbours
inline constexpr std::size_t kNearContexts = 64;
inline constexpr std::size_t kColumnContexts = 128;
inline constexpr std::size_t kSignClasses = 4;
inline constexpr std::uint32_t kRowPrior = 8;     // a row starts with the weight of this many average values,
inline constexpr std::uint32_t kColumnPrior = 6;  // a column with this many
inline constexpr std::uint32_t kColumnMemory = 4096;

using NodeCounters = std::array<Counter, kNodes>;

// Of the decisions that make a magnitude.
struct Nodes {
  std::array<NodeCounters, kLevels> level;
  std::array<NodeCounters, kPairs> pair;
  std::array<NodeCounters, kNearContexts> near;
  std::array<NodeCounters, kColumnContexts> column;
  std::array<Mixer, kNodes> mixer;
};

class State {
 protected:
  // For `count` values, the product of the dimensions.
  State(const Parameters& parameters, const CodeShape& shape, std::size_t count);

  // Brings the column scales up to date with row number `row` of `columns` values, whose magnitudes have this
  // sum; one that is complete becomes the previous one.
  void finish_row(std::size_t row, std::size_t columns, std::uint32_t sum);

  const Parameters parameters_;
  const std::size_t width_;
  const std::size_t period_;
  const std::uint32_t mean_norm_;  // 2^20 / mean

  Vector<std::int32_t> column_log_;    // 16 * log2 of a column's scale, relative to the mean
  Vector<std::uint32_t> column_norm_;  // 2^20 / (mean * column scale)
  Vector<std::uint32_t> column_sum_;
  Vector<std::int16_t> column_sign_;
  Vector<std::int16_t> seen_log_;     // 16 * log2 of how many values a row has before this column
  Vector<std::uint16_t> magnitudes_;  // previous and current row, 256 = mean * column scale
  Vector<std::int16_t> values_;       // previous and current row, 64 = mean

  Vector<Nodes> nodes_;  // in a trellis one a class of states, otherwise one
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
  std::int32_t row_start16_ = 0;  // expected log scale of the next row

 private:
  void start_nodes(Magnitudes magnitudes, Nodes& nodes) const;
};

}  // namespace pith::loader::small
