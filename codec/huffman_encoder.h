// Writes the Huffman streams that loader/huffman_decoder.h reads.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "loader/huffman_decoder.h"

namespace pith::codec {

using SymbolCounts = std::array<std::uint64_t, loader::kSymbols>;

[[nodiscard]] SymbolCounts count_symbols(std::span<const std::uint8_t> symbols);

// Lengths of the prefix code that is shortest for these counts among all whose lengths are at most
// `max_length` (1..12): package-merge, Larmore and Hirschberg, "A fast algorithm for optimal
// length-limited Huffman codes", J. ACM 37 (1990). Equal counts are ordered by byte value, so the result
// is a function of the counts. Needs at least two symbols that occur and at most 2^max_length.
[[nodiscard]] loader::CodeLengths optimal_code_lengths(const SymbolCounts& counts,
                                                       unsigned max_length = loader::kMaxCodeLength);

// A Huffman stream of these symbols: table, lane sizes, lanes. Needs at least two distinct symbols.
[[nodiscard]] std::vector<std::uint8_t> encode_huffman(std::span<const std::uint8_t> symbols);

}  // namespace pith::codec
