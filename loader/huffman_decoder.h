// Decodes a Huffman stream of byte symbols (docs/format.md, "Coder 1").
//
// Codes are canonical, complete and at most 12 bits long, so one table of
// 4096 entries decodes any of them. Symbols come in segments of 65,536, each
// of four lanes (runs of consecutive symbols with a bit string of their own)
// that are decoded side by side.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "loader/status.h"

namespace pith::loader {

inline constexpr unsigned kMaxCodeLength = 12;
inline constexpr std::size_t kSymbols = 256;
inline constexpr std::size_t kSegmentSymbols = 65536;
inline constexpr std::size_t kMinFourLaneSymbols = 1024;  // a shorter segment has one lane
inline constexpr std::uint8_t kFirstPredictedLength = 8;  // what the first code length is compared with

// Code length of each byte value in bits; 0 = the value does not occur.
using CodeLengths = std::array<std::uint8_t, kSymbols>;

// Lanes in a segment of `symbols` symbols.
[[nodiscard]] constexpr std::size_t lane_count(std::size_t symbols) {
  return symbols < kMinFourLaneSymbols ? 1 : 4;
}

// Symbols in each lane of such a segment but the last, which has the rest.
[[nodiscard]] constexpr std::size_t lane_symbols(std::size_t symbols) {
  const std::size_t lanes = lane_count(symbols);
  return (symbols + lanes - 1) / lanes;
}

// Refuses lengths above 12 and any set that is not a complete prefix code of
// at least two symbols: sum of 2^-length over the symbols that occur == 1.
[[nodiscard]] Status check_code_lengths(const CodeLengths& lengths);

// Canonical codes: counted up in order of (length, byte value), each read from its highest bit.
[[nodiscard]] std::array<std::uint16_t, kSymbols> canonical_codes(const CodeLengths& lengths);

// Decodes exactly `symbols.size()` symbols from exactly the bytes of `stored`.
// Refuses an incomplete code, lane sizes that do not add up, a bit string that
// ends early or late, and padding bits that are not zero. After a failure the
// contents of `symbols` are unspecified. Never allocates on success.
[[nodiscard]] Status decode_huffman(std::span<const std::uint8_t> stored, std::span<std::uint8_t> symbols);

}  // namespace pith::loader
