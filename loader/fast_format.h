// What writer and reader of the `fast` coder share (docs/coders.md): limits, the
// token alphabet, frequency tables and their alias layout.
//
// Integers become tokens of an alphabet of at most 128; a token's table is
// chosen by a row and column class and by up to two earlier tokens; tokens are
// coded by interleaved range-asymmetric numeral systems (rANS) over 12-bit
// frequencies in segments that decode independently.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include "loader/code_shape.h"

namespace pith::loader {

inline constexpr std::size_t kFastSegment = 65536;  // weights that decode independently
inline constexpr std::size_t kFastMaxLanes = 32;
inline constexpr std::size_t kFastMaxTokens = 128;
inline constexpr std::size_t kFastMaxTables = 32;
inline constexpr std::size_t kFastMaxEntries = 4096;   // tables * buckets: 32 KiB of alias entries
inline constexpr std::size_t kFastMaxOffset = 512;     // how far back a context may look
inline constexpr std::size_t kFastMaxLevels = 5;       // levels an earlier token is reduced to
inline constexpr std::size_t kFastMaxClassLevel = 15;  // of a row or a column
inline constexpr std::size_t kFastMaxAdaptive = 2048;  // weights of a tensor coded without tables
inline constexpr unsigned kFastTotalBits = 12;         // frequencies of a table add up to 4096
inline constexpr std::uint32_t kFastTotal = 1U << kFastTotalBits;
inline constexpr std::uint32_t kLaneLow = 1U << 16;  // a lane's state stays in [2^16, 2^32)

// The sum of the bytes modulo 255; that of a whole stream is 0. A flipped bit changes it by a power of two,
// never by a multiple of 255. (rANS alone does not notice when a flip turns a token into an equally
// frequent one.)
[[nodiscard]] std::uint32_t byte_sum(std::span<const std::uint8_t> bytes);

// True when the rank is at most 8 and the dimensions multiply to exactly `elements` without overflow.
[[nodiscard]] bool shape_holds(const CodeShape& shape, std::size_t elements);

// Values [low, low + direct) have a token each. Below and above, token k of that side stands for
// distances 2^k .. 2^(k+1) - 1 from the nearest direct value, whose k low bits are stored apart.
// Tokens are numbered in the order of their values.
struct TokenAlphabet {
  std::int32_t low = 0;
  std::uint32_t direct = 1;
  std::uint32_t below = 0;
  std::uint32_t above = 0;

  [[nodiscard]] std::uint32_t tokens() const { return below + direct + above; }
  // The token that stands for what lies before the first weight of a lane.
  [[nodiscard]] std::uint32_t neutral() const {
    const std::int64_t nearest = std::clamp<std::int64_t>(-std::int64_t{low}, 0, std::int64_t{direct} - 1);
    return below + static_cast<std::uint32_t>(nearest);
  }
};

using Frequencies = std::array<std::uint16_t, kFastMaxTokens>;

// Frequencies from logarithmic levels: token `first + i` weighs 2^(levels[i] / steps). Every listed token
// gets at least 1, the rounding remainder goes to the most frequent one; the sum is 4096. Needs 2 to 128
// levels, each at most 15 * steps, and steps of 1, 2, 4 or 8.
[[nodiscard]] Frequencies frequencies_from_levels(std::span<const std::uint8_t> levels, std::size_t first,
                                                  unsigned steps);

// One bucket of an alias table. A slot (the low 12 bits of a state) falls into bucket slot >> (12 - log2 of
// the number of buckets); its first `divider` slots belong to the token numbered like the bucket.
//   own:   frequency << 20 | divider << 8 | token
//   other: frequency << 20 | (rank of the slot - place in the bucket, modulo 4096) << 8 | token
struct AliasEntry {
  std::uint32_t own = 0;
  std::uint32_t other = 0;
};

// log2 of the number of buckets for an alphabet: the fewest that have room for it, at least 8.
[[nodiscard]] constexpr unsigned bucket_bits(std::size_t tokens) {
  return std::max(3U, static_cast<unsigned>(std::bit_width(tokens - 1)));
}

// Lays out one table. The frequencies add up to 4096 and each is below 4096 (so that it fits an entry).
void build_alias_table(const Frequencies& frequencies, unsigned bits, std::span<AliasEntry> entries);

}  // namespace pith::loader
