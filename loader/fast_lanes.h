// The hot loop of the `fast` decoder: tokens of one segment through
// interleaved rANS lanes, scalar here and with SIMD in fast_simd.cpp. Both
// give the same tokens and leave the same state behind.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "loader/fast_model.h"

namespace pith::loader {

// The fewest lanes that SIMD decodes.
inline constexpr std::size_t kFastFewestSimdLanes = 8;

// What stays the same for all segments of a tensor. SIMD looks tokens up in the alias entries, of a
// single table in its slots. The scalar loop has either what they say as it wants it, the divider of entry i
// and in words 2i and 2i + 1 its own token and the other one, both as AliasEntry::other has them; or all 4096
// slots of each table, where that is worth it: frequency << 20 | rank << 8 | token.
struct LaneTables {
  std::span<const AliasEntry> entries;  // tables << bits of them
  std::span<const std::uint16_t> dividers;
  std::span<const std::uint32_t> words;
  std::span<const std::uint32_t> slots;  // empty = not used
  unsigned bits = 3;                     // log2 of the buckets of a table
  std::size_t tables = 1;
  std::array<Neighbour, 2> neighbours;
  // What the level of a token adds to the place of the table in the scalar loop's form; zeros for a neighbour
  // that is not used.
  std::array<std::array<std::uint32_t, kFastMaxTokens>, 2> table_part{};
  std::array<std::uint8_t, 2> stride{};  // of one level

  // Whether rows must hold classes before they are decoded.
  [[nodiscard]] bool has_contexts() const { return tables > 1; }
  // Whether tokens of so many lanes come row by row. A few lanes without contexts come lane after lane, as
  // the weights do.
  [[nodiscard]] bool by_rows(std::size_t lanes) const {
    return lanes >= kFastFewestSimdLanes || has_contexts();
  }
  // log2 of how far apart two tables are.
  [[nodiscard]] unsigned table_shift() const { return slots.empty() ? bits : kFastTotalBits; }
};

// A segment on its way. Row t has the t-th token of every lane (before it is decoded: its class, if
// has_contexts); the kFastMaxOffset rows before row 0 hold the neutral token. Without by_rows the tokens of a
// lane follow each other, and there is nothing before them.
struct LaneRun {
  std::size_t lanes = 1;
  std::array<std::uint32_t, kFastMaxLanes> states{};
  const std::uint8_t* in = nullptr;   // the next word
  const std::uint8_t* end = nullptr;  // of the bytes present
  std::uint8_t* rows = nullptr;
  std::size_t step = 0;  // the row to decode next
};

// All slots of one table, from its 2^bits entries: kFastTotal words.
void fill_slots(std::span<const AliasEntry> entries, unsigned bits, std::uint32_t* out);

// Decodes rows up to `steps`, then `extra` more tokens (of lanes 0, 1, ... in row `steps`). False when the
// words run out.
[[nodiscard]] bool decode_rows(const LaneTables& tables, LaneRun& run, std::size_t steps, std::size_t extra);

// Decodes whole rows below `steps` of one or two segments that start at the same step, as long as that can
// be done without looking at the end of the input; does nothing when the processor lacks the instructions
// or the segments have few lanes.
void decode_rows_simd(const LaneTables& tables, std::span<LaneRun> runs, std::size_t steps);

// Whether decode_rows_simd does anything on this processor.
[[nodiscard]] bool has_lane_simd();

// Puts the rows into the order of the weights: lane l holds weights l * steps .. (l + 1) * steps - 1, and
// the `extra` tokens of the last row follow after all lanes. `simd` changes nothing but the time it takes.
void rows_to_weights(const std::uint8_t* rows, std::size_t lanes, std::size_t steps, std::size_t extra,
                     std::uint8_t* weights, bool simd);
// The other way round.
void weights_to_rows(const std::uint8_t* weights, std::size_t lanes, std::size_t steps, std::size_t extra,
                     std::uint8_t* rows, bool simd);

// Marks the tokens that are below `first` or not below `end` (both at most 128): bit i % 64 of masks[i / 64].
// Tokens are below 128; `masks` has room for all of them.
void find_far_tokens(std::span<const std::uint8_t> tokens, std::uint32_t first, std::uint32_t end,
                     std::span<std::uint64_t> masks, bool simd);
// The same for as many whole words of `masks` as vectors take; says how many.
[[nodiscard]] std::size_t find_far_tokens_simd(std::span<const std::uint8_t> tokens, std::uint32_t first,
                                               std::uint32_t end, std::span<std::uint64_t> masks);

// As rows_to_weights and weights_to_rows for 16 or 32 lanes and as many of the steps as vectors take; says
// how many.
[[nodiscard]] std::size_t rows_to_weights_simd(const std::uint8_t* rows, std::size_t lanes, std::size_t steps,
                                               std::uint8_t* weights);
[[nodiscard]] std::size_t weights_to_rows_simd(const std::uint8_t* weights, std::size_t lanes,
                                               std::size_t steps, std::uint8_t* rows);

}  // namespace pith::loader
