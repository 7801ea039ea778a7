#include "loader/huffman_decoder.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "loader/bit_reader.h"
#include "loader/byte_reader.h"

namespace pith::loader {
namespace {

constexpr std::size_t kTableSize = std::size_t{1} << kMaxCodeLength;
constexpr std::size_t kLanes = 4;
constexpr std::size_t kLookupsPerRefill = 4;  // 7 bits of the current byte + 4 * 12 = 55 <= 63
constexpr std::size_t kRefillBytes = 8;
constexpr std::size_t kMaxBytesPerRound = 6;  // whole bytes of those 55 bits

// What the next 12 bits hold: one symbol, or two when both fit.
//   bits 0..7 first symbol, 8..15 second, 16..19 length of the first,
//   24..25 how many symbols, 26..31 length of all of them.
using Entry = std::uint32_t;
using Table = std::array<Entry, kTableSize>;

constexpr unsigned entry_first_length(Entry entry) {
  return (entry >> 16) & 15U;
}
constexpr unsigned entry_count(Entry entry) {
  return (entry >> 24) & 3U;
}
constexpr unsigned entry_length(Entry entry) {
  return entry >> 26;
}

void build_table(const CodeLengths& lengths, Table& table) {
  const auto codes = canonical_codes(lengths);
  std::array<std::uint16_t, kTableSize> single{};  // symbol | length << 8
  for (std::size_t symbol = 0; symbol < kSymbols; ++symbol) {
    const unsigned length = lengths[symbol];
    if (length == 0) continue;
    const unsigned free_bits = kMaxCodeLength - length;
    const auto first = single.begin() + (static_cast<std::ptrdiff_t>(codes[symbol]) << free_bits);
    std::fill_n(first, std::size_t{1} << free_bits, static_cast<std::uint16_t>(symbol | length << 8));
  }
  for (std::size_t index = 0; index < kTableSize; ++index) {
    const unsigned first = single[index];
    const unsigned first_length = first >> 8;
    const unsigned second = single[(index << first_length) & (kTableSize - 1)];
    const unsigned both = first_length + (second >> 8);
    const bool fits = both <= kMaxCodeLength;
    table[index] = (first & 0xFFU) | (second & 0xFFU) << 8 | first_length << 16 | (fits ? 2U : 1U) << 24 |
                   (fits ? both : first_length) << 26;
  }
}

// One lane on its way. `window` holds the bytes at `next` with the bits that
// are already used shifted out at the top; the lowest set bit is a marker, so
// that its position tells how many bits have been used since `next`.
struct Lane {
  const std::uint8_t* begin = nullptr;
  const std::uint8_t* next = nullptr;
  const std::uint8_t* end = nullptr;
  std::uint8_t* out = nullptr;
  std::uint8_t* out_end = nullptr;
  std::uint64_t window = 0;
};

std::uint64_t load_window(const std::uint8_t* bytes) {
  std::uint64_t value = 0;
  std::memcpy(&value, bytes, sizeof(value));
  return __builtin_bswap64(value) | 1U;
}

// Rounds that can neither read past the lane's input nor write past its output. A round first moves on
// over the bytes used by the one before, then loads eight.
std::size_t safe_rounds(const Lane& lane) {
  const auto in_left = static_cast<std::size_t>(lane.end - lane.next);
  const auto out_left = static_cast<std::size_t>(lane.out_end - lane.out);
  if (in_left < kRefillBytes) return 0;
  return std::min((in_left - kRefillBytes) / kMaxBytesPerRound, out_left / (2 * kLookupsPerRefill));
}

// Decodes all lanes side by side while every one of them has room for whole rounds.
template <std::size_t... Index>
void decode_rounds(const Table& table, Lane* lanes, std::index_sequence<Index...>) {
  constexpr std::size_t count = sizeof...(Index);
  const std::uint8_t* next[count] = {lanes[Index].next...};
  std::uint8_t* out[count] = {lanes[Index].out...};
  std::uint64_t window[count] = {lanes[Index].window...};

  const auto refill = [&](std::size_t i) {
    const auto used = static_cast<unsigned>(std::countr_zero(window[i]));
    next[i] += used >> 3;
    window[i] = load_window(next[i]) << (used & 7U);
  };
  const auto look_up = [&](std::size_t i) {
    const Entry entry = table[window[i] >> (64 - kMaxCodeLength)];
    out[i][0] = static_cast<std::uint8_t>(entry);
    out[i][1] = static_cast<std::uint8_t>(entry >> 8);
    window[i] <<= entry_length(entry);
    out[i] += entry_count(entry);
  };

  for (;;) {
    ((lanes[Index].next = next[Index], lanes[Index].out = out[Index], lanes[Index].window = window[Index]),
     ...);
    std::size_t rounds = std::min({safe_rounds(lanes[Index])...});
    if (rounds == 0) return;
    for (; rounds > 0; --rounds) {
      (refill(Index), ...);
      (look_up(Index), ...);
      (look_up(Index), ...);
      (look_up(Index), ...);
      (look_up(Index), ...);
    }
  }
}

// Decodes what is left of a lane symbol by symbol and checks that it ends where it must.
Status finish_lane(const Table& table, const Lane& lane) {
  const auto bytes_before = static_cast<std::uint64_t>(lane.next - lane.begin);
  const auto bits_before = static_cast<std::uint64_t>(std::countr_zero(lane.window));
  BitReader bits(std::span(lane.begin, lane.end), 8 * bytes_before + bits_before);
  for (std::uint8_t* out = lane.out; out != lane.out_end; ++out) {
    const Entry entry = table[bits.peek(kMaxCodeLength)];
    *out = static_cast<std::uint8_t>(entry);
    bits.skip(entry_first_length(entry));
  }
  if (bits.bytes_used() != static_cast<std::uint64_t>(lane.end - lane.begin)) {
    return damaged("a Huffman bit string ends early or late");
  }
  if (!bits.padding_is_zero()) return damaged("Huffman padding bits are not zero");
  return {};
}

// Reads the lengths: first byte value, number of values - 1, then a bit string with, for each value,
//   0 = as the one before, 10s = one more (s=0) or less (s=1), 11llll = this length.
Expected<CodeLengths> read_code_lengths(std::span<const std::uint8_t> stored, std::size_t& used) {
  if (stored.size() < 3) return std::unexpected(damaged("a Huffman table is cut short"));
  const std::size_t first = stored[0];
  const std::size_t count = std::size_t{stored[1]} + 1;
  BitReader bits(stored.subspan(2));
  CodeLengths lengths{};
  unsigned length = kFirstPredictedLength;
  for (std::size_t i = 0; i < count; ++i) {
    if (bits.take(1) != 0) {
      if (bits.take(1) == 0) {
        // From 0 down wraps to a huge number, which the check below refuses.
        length = bits.take(1) == 0 ? length + 1 : length - 1;
      } else {
        length = bits.take(4);
      }
    }
    if (length > kMaxCodeLength) return std::unexpected(damaged("a Huffman code is longer than 12 bits"));
    const bool at_edge = i == 0 || i + 1 == count;
    if (at_edge && length == 0) return std::unexpected(damaged("a Huffman table has an unused edge"));
    lengths[(first + i) % kSymbols] = static_cast<std::uint8_t>(length);
  }
  if (bits.overrun()) return std::unexpected(damaged("a Huffman table is cut short"));
  if (!bits.padding_is_zero()) return std::unexpected(damaged("Huffman padding bits are not zero"));
  used = 2 + static_cast<std::size_t>(bits.bytes_used());
  return lengths;
}

// Takes the next `size` bytes of the lanes; `lane_bytes` is what is left of them.
Status start_lane(Lane& lane, std::size_t size, std::span<const std::uint8_t>& lane_bytes) {
  if (size > lane_bytes.size()) return damaged("Huffman lane sizes are more than the bytes present");
  lane.begin = lane.next = lane_bytes.data();
  lane.end = lane.begin + size;
  lane.window = 1;  // the marker alone: nothing used, nothing loaded
  lane_bytes = lane_bytes.subspan(size);
  return {};
}

}  // namespace

Status check_code_lengths(const CodeLengths& lengths) {
  std::uint32_t sum = 0;
  for (const std::uint8_t length : lengths) {
    if (length > kMaxCodeLength) return damaged("a Huffman code is longer than 12 bits");
    if (length > 0) sum += 1U << (kMaxCodeLength - length);
  }
  // No single symbol fills the sum: its code would have no bits.
  if (sum != kTableSize) return damaged("the Huffman code lengths are not a complete code");
  return {};
}

std::array<std::uint16_t, kSymbols> canonical_codes(const CodeLengths& lengths) {
  std::array<std::uint16_t, kSymbols> codes{};
  unsigned code = 0;
  for (unsigned length = 1; length <= kMaxCodeLength; ++length) {
    for (std::size_t symbol = 0; symbol < kSymbols; ++symbol) {
      if (lengths[symbol] == length) codes[symbol] = static_cast<std::uint16_t>(code++);
    }
    code <<= 1;
  }
  return codes;
}

Status decode_huffman(std::span<const std::uint8_t> stored, std::span<std::uint8_t> symbols) {
  // Every symbol takes at least one bit: a cheap refusal before any work.
  if (symbols.empty() || symbols.size() / 8 > stored.size()) return damaged("a Huffman stream is too short");
  std::size_t table_size = 0;
  const auto lengths = read_code_lengths(stored, table_size);
  if (!lengths) return lengths.error();
  if (Status status = check_code_lengths(*lengths); !status.ok()) return status;
  Table table;
  build_table(*lengths, table);

  const std::size_t segments = (symbols.size() - 1) / kSegmentSymbols + 1;
  const std::size_t last_symbols = symbols.size() - (segments - 1) * kSegmentSymbols;
  const std::size_t sizes = kLanes * (segments - 1) + lane_count(last_symbols) - 1;
  const auto after_table = stored.subspan(table_size);
  if (sizes > after_table.size() / 2) return damaged("a Huffman stream is too short");
  ByteReader lane_sizes(after_table.first(2 * sizes));
  auto lane_bytes = after_table.subspan(2 * sizes);

  for (std::size_t done = 0; done < symbols.size();) {
    const auto segment = symbols.subspan(done, std::min(kSegmentSymbols, symbols.size() - done));
    const std::size_t lane_total = lane_count(segment.size());
    const std::size_t per_lane = lane_symbols(segment.size());
    done += segment.size();
    std::array<Lane, kLanes> lanes;
    for (std::size_t i = 0; i < lane_total; ++i) {
      const bool final_lane = done == symbols.size() && i + 1 == lane_total;
      const std::size_t size = final_lane ? lane_bytes.size() : lane_sizes.u16();
      if (Status status = start_lane(lanes[i], size, lane_bytes); !status.ok()) return status;
      lanes[i].out = segment.data() + i * per_lane;
      lanes[i].out_end = segment.data() + std::min(segment.size(), (i + 1) * per_lane);
    }
    if (lane_total == kLanes) decode_rounds(table, lanes.data(), std::make_index_sequence<kLanes>());
    for (std::size_t i = 0; i < lane_total; ++i) {
      decode_rounds(table, &lanes[i], std::make_index_sequence<1>());
      if (Status status = finish_lane(table, lanes[i]); !status.ok()) return status;
    }
  }
  return {};
}

}  // namespace pith::loader
