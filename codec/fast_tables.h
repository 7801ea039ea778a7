// Chooses the logarithmic levels of frequency tables: what a level costs in
// the header is weighed against what its error costs in the segments.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "loader/fast_walk_inl.h"

namespace pith::codec {

using TokenCounts = std::array<std::uint32_t, loader::kFastMaxTokens>;

struct TableSet {
  unsigned steps = 4;  // levels in an octave: 1, 2, 4 or 8
  std::vector<loader::TableLevels> levels;
  std::vector<loader::Frequencies> frequencies;
  double bits = 0;  // of tokens and header together, an estimate
};

// Tables for these counts (one set a table) over the first `tokens` tokens, at the number of steps of these
// that makes the whole smallest. Every token that occurs gets a frequency.
[[nodiscard]] TableSet choose_tables(std::span<const TokenCounts> counts, std::size_t tokens,
                                     std::span<const unsigned> steps);
inline constexpr std::array<unsigned, 4> kAllSteps{1, 2, 4, 8};
inline constexpr std::array<unsigned, 2> kUsualSteps{2, 4};

// sum of -log2(frequency / 4096) over the counts.
[[nodiscard]] double token_bits(const TokenCounts& counts, const loader::Frequencies& frequencies);

}  // namespace pith::codec
