#include "codec/huffman_encoder.h"

#include <algorithm>
#include <utility>

#include "codec/bit_writer.h"
#include "codec/byte_writer.h"

namespace pith::codec {
namespace {

using loader::CodeLengths;
using loader::kSymbols;

// The shortest run of byte values, wrapping from 255 to 0, that holds every symbol that occurs: signed
// codes around zero are one short run that way.
struct SymbolRun {
  std::size_t first = 0;
  std::size_t count = 0;
};

SymbolRun shortest_run(const CodeLengths& lengths) {
  SymbolRun best{0, kSymbols + 1};
  std::size_t previous =
      0;  // the last symbol that occurs before `symbol`, minus 256 when it is past the wrap
  for (std::size_t symbol = 0; symbol < kSymbols; ++symbol) {
    if (lengths[symbol] != 0) previous = symbol;
  }
  previous -= kSymbols;
  for (std::size_t symbol = 0; symbol < kSymbols; ++symbol) {
    if (lengths[symbol] == 0) continue;
    const std::size_t gap = symbol - previous;  // unsigned wrap-around gives the distance
    const std::size_t count = kSymbols - gap + 1;
    if (count < best.count) best = {symbol, count};
    previous = symbol;
  }
  return best;
}

void put_code_lengths(const CodeLengths& lengths, std::vector<std::uint8_t>& out) {
  const SymbolRun run = shortest_run(lengths);
  out.push_back(static_cast<std::uint8_t>(run.first));
  out.push_back(static_cast<std::uint8_t>(run.count - 1));
  BitWriter bits(out);
  unsigned previous = loader::kFirstPredictedLength;
  for (std::size_t i = 0; i < run.count; ++i) {
    const unsigned length = lengths[(run.first + i) % kSymbols];
    if (length == previous) {
      bits.put(0b0, 1);
    } else if (length == previous + 1) {
      bits.put(0b100, 3);
    } else if (length + 1 == previous) {
      bits.put(0b101, 3);
    } else {
      bits.put(0b11U << 4 | length, 6);
    }
    previous = length;
  }
  bits.finish();
}

}  // namespace

SymbolCounts count_symbols(std::span<const std::uint8_t> symbols) {
  // Four tables: equal neighbours would otherwise wait for each other.
  std::array<SymbolCounts, 4> counts{};
  std::size_t i = 0;
  for (; i + 4 <= symbols.size(); i += 4) {
    for (std::size_t k = 0; k < 4; ++k) ++counts[k][symbols[i + k]];
  }
  for (; i < symbols.size(); ++i) ++counts[0][symbols[i]];
  for (std::size_t symbol = 0; symbol < kSymbols; ++symbol) {
    counts[0][symbol] += counts[1][symbol] + counts[2][symbol] + counts[3][symbol];
  }
  return counts[0];
}

CodeLengths optimal_code_lengths(const SymbolCounts& counts, unsigned max_length) {
  std::vector<std::size_t> leaves;
  for (std::size_t symbol = 0; symbol < kSymbols; ++symbol) {
    if (counts[symbol] > 0) leaves.push_back(symbol);
  }
  std::ranges::sort(leaves, {}, [&](std::size_t symbol) { return std::pair(counts[symbol], symbol); });

  // One list a level, deepest first: the leaves merged with the pairs of the list below. Only whether an
  // item is a leaf is kept; leaves come in order, so a number of them says which.
  std::vector<std::vector<bool>> is_leaf(max_length);
  std::vector<std::uint64_t> below;
  for (auto& level : is_leaf) {
    std::vector<std::uint64_t> items;
    std::size_t leaf = 0;
    std::size_t pair = 0;
    const std::size_t pairs = below.size() / 2;
    while (leaf < leaves.size() || pair < pairs) {
      const bool take_leaf = pair == pairs || (leaf < leaves.size() &&
                                               counts[leaves[leaf]] <= below[2 * pair] + below[2 * pair + 1]);
      level.push_back(take_leaf);
      if (take_leaf) {
        items.push_back(counts[leaves[leaf++]]);
      } else {
        items.push_back(below[2 * pair] + below[2 * pair + 1]);
        ++pair;
      }
    }
    below = std::move(items);
  }

  // The cheapest 2n - 2 items of the top list, and what their pairs stand for further down; a leaf's code
  // is as long as the number of levels on which it is taken.
  CodeLengths lengths{};
  std::size_t taken = 2 * leaves.size() - 2;
  for (std::size_t level = max_length; level-- > 0 && taken > 0;) {
    const auto begin = is_leaf[level].begin();
    const auto taken_leaves =
        static_cast<std::size_t>(std::count(begin, begin + static_cast<std::ptrdiff_t>(taken), true));
    for (std::size_t i = 0; i < taken_leaves; ++i) ++lengths[leaves[i]];
    taken = 2 * (taken - taken_leaves);
  }
  return lengths;
}

std::vector<std::uint8_t> encode_huffman(std::span<const std::uint8_t> symbols) {
  const CodeLengths lengths = optimal_code_lengths(count_symbols(symbols));
  const auto codes = loader::canonical_codes(lengths);
  std::vector<std::uint8_t> out;
  put_code_lengths(lengths, out);

  std::vector<std::uint8_t> lanes;
  std::vector<std::uint16_t> sizes;
  for (std::size_t start = 0; start < symbols.size(); start += loader::kSegmentSymbols) {
    const auto segment = symbols.subspan(start, std::min(loader::kSegmentSymbols, symbols.size() - start));
    const std::size_t per_lane = loader::lane_symbols(segment.size());
    for (std::size_t at = 0; at < segment.size(); at += per_lane) {
      const std::size_t before = lanes.size();
      BitWriter bits(lanes);
      for (const std::uint8_t symbol : segment.subspan(at, std::min(per_lane, segment.size() - at))) {
        bits.put(codes[symbol], lengths[symbol]);
      }
      bits.finish();
      sizes.push_back(static_cast<std::uint16_t>(lanes.size() - before));
    }
  }
  sizes.pop_back();  // the last lane takes what is left
  ByteWriter writer(out);
  for (const std::uint16_t size : sizes) writer.u16(size);
  writer.bytes(lanes);
  return out;
}

}  // namespace pith::codec
