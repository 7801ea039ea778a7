#include "codec/huffman_encoder.h"

#include <algorithm>
#include <cmath>
#include <random>

#include "tests/support/catch.h"

namespace pith::codec {
namespace {

using Bytes = std::vector<std::uint8_t>;

std::uint64_t coded_bits(const SymbolCounts& counts, const loader::CodeLengths& lengths) {
  std::uint64_t bits = 0;
  for (std::size_t symbol = 0; symbol < counts.size(); ++symbol) bits += counts[symbol] * lengths[symbol];
  return bits;
}

// The fewest bits of any complete code of at most `max_length`, by trying all lengths.
std::uint64_t fewest_bits(const std::vector<std::uint64_t>& counts, std::size_t at, unsigned max_length,
                          unsigned space_left) {
  if (at == counts.size()) return space_left == 0 ? 0 : ~std::uint64_t{0} / 2;
  std::uint64_t best = ~std::uint64_t{0} / 2;
  for (unsigned length = 1; length <= max_length; ++length) {
    const unsigned space = 1U << (max_length - length);
    if (space > space_left) continue;
    best = std::min(best, counts[at] * length + fewest_bits(counts, at + 1, max_length, space_left - space));
  }
  return best;
}

Bytes random_symbols(std::uint64_t seed, std::size_t size, double deviation) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal(0.0, deviation);
  Bytes symbols(size);
  for (auto& symbol : symbols) {
    symbol = static_cast<std::uint8_t>(static_cast<std::int64_t>(std::lround(normal(random))));
  }
  // At least two distinct symbols, whatever the deviation.
  symbols.front() = 0;
  symbols.back() = 255;
  return symbols;
}

bool decodes_to(const Bytes& stored, const Bytes& symbols) {
  Bytes decoded(symbols.size(), 0xA5);
  return loader::decode_huffman(stored, decoded).ok() && decoded == symbols;
}

TEST_CASE("code lengths are as short in total as any") {
  std::mt19937_64 random(7);
  for (int round = 0; round < 300; ++round) {
    const std::size_t size = 2 + random() % 5;
    const auto max_length = static_cast<unsigned>(3 + random() % 3);
    std::vector<std::uint64_t> weights;
    SymbolCounts counts{};
    for (std::size_t i = 0; i < size; ++i) {
      weights.push_back(1 + (random() >> (random() % 58)) % 5000);
      counts[i * 40] = weights.back();
    }
    const auto lengths = optimal_code_lengths(counts, max_length);
    CHECK(loader::check_code_lengths(lengths).ok());
    CHECK(*std::ranges::max_element(lengths) <= max_length);
    CHECK(coded_bits(counts, lengths) == fewest_bits(weights, 0, max_length, 1U << max_length));
  }
}

TEST_CASE("counts that want long codes are held to 12 bits") {
  SymbolCounts counts{};
  std::uint64_t a = 1;
  std::uint64_t b = 1;
  for (std::size_t symbol = 0; symbol < 60; ++symbol) {
    counts[symbol] = a;
    b += a;
    std::swap(a, b);
  }
  const auto lengths = optimal_code_lengths(counts);
  CHECK(loader::check_code_lengths(lengths).ok());
  CHECK(*std::ranges::max_element(lengths) == 12);
  CHECK(std::ranges::is_sorted(lengths.begin(), lengths.begin() + 60, std::greater()));
}

TEST_CASE("all 256 byte values in equal number take 8 bits each") {
  SymbolCounts counts;
  counts.fill(3);
  for (const std::uint8_t length : optimal_code_lengths(counts)) CHECK(length == 8);
}

TEST_CASE("equal counts are told apart by byte value") {
  SymbolCounts counts{};
  counts[5] = counts[6] = counts[7] = 1;
  const auto lengths = optimal_code_lengths(counts);
  CHECK(lengths[5] == 2);
  CHECK(lengths[6] == 2);
  CHECK(lengths[7] == 1);
}

TEST_CASE("symbols of any number come back, at lane and segment borders too") {
  for (const std::size_t size : {2U,     3U,     4U,     7U,     8U,      9U,      100U,    1022U,  1023U,
                                 1024U,  1025U,  1026U,  1027U,  4095U,   65534U,  65535U,  65536U, 65537U,
                                 65538U, 66559U, 66560U, 66561U, 131071U, 131072U, 131073U, 200000U}) {
    for (const double deviation : {0.05, 1.0, 30.0}) {
      const Bytes symbols = random_symbols(size, size, deviation);
      if (!decodes_to(encode_huffman(symbols), symbols)) FAIL(size << " symbols, deviation " << deviation);
    }
  }
}

TEST_CASE("random symbols of random distributions come back") {
  std::mt19937_64 random(11);
  for (int round = 0; round < 400; ++round) {
    Bytes symbols(2 + random() % 3000);
    const auto alphabet = static_cast<std::uint8_t>(2 + random() % 254);
    const auto start = static_cast<std::uint8_t>(random());
    const std::uint64_t skew = 1 + random() % 6;
    for (auto& symbol : symbols) {
      std::uint64_t value = alphabet;
      for (std::uint64_t i = 0; i < skew; ++i) value = std::min<std::uint64_t>(value, random() % alphabet);
      symbol = static_cast<std::uint8_t>(start + value * (round % 3 == 0 ? 7 : 1));
    }
    symbols[0] = start;
    symbols[1] = static_cast<std::uint8_t>(start + 1);
    if (!decodes_to(encode_huffman(symbols), symbols)) FAIL("round " << round);
  }
}

TEST_CASE("the size is near the entropy") {
  const Bytes symbols = random_symbols(3, 500000, 3.0);
  const auto counts = count_symbols(symbols);
  double entropy = 0;
  for (const std::uint64_t count : counts) {
    if (count == 0) continue;
    const double p = static_cast<double>(count) / static_cast<double>(symbols.size());
    entropy -= p * std::log2(p);
  }
  const auto ideal = entropy * static_cast<double>(symbols.size()) / 8;
  CHECK(static_cast<double>(encode_huffman(symbols).size()) < 1.02 * ideal);
}

TEST_CASE("a signed alphabet around zero has a short table") {
  Bytes symbols;
  for (int code = -4; code <= 4; ++code) symbols.push_back(static_cast<std::uint8_t>(code));
  // Run of 9 values from 252 on; lengths 4,4 and seven of 3, in some order.
  const Bytes stored = encode_huffman(symbols);
  CHECK(stored[0] == 252);
  CHECK(stored[1] == 8);
  CHECK(stored.size() <= 2 + 4 + 4);
}

TEST_CASE("equal symbols give equal streams") {
  const Bytes symbols = random_symbols(5, 70000, 4.0);
  CHECK(encode_huffman(symbols) == encode_huffman(symbols));
}

TEST_CASE("a stream that is cut short anywhere is refused") {
  for (const std::size_t size : {200U, 1500U}) {
    const Bytes symbols = random_symbols(size, size, 2.0);
    const Bytes stored = encode_huffman(symbols);
    Bytes decoded(symbols.size());
    for (std::size_t kept = 0; kept < stored.size(); ++kept) {
      if (loader::decode_huffman(std::span(stored).first(kept), decoded).ok())
        FAIL(kept << " of " << stored.size());
    }
  }
}

TEST_CASE("changed bits are refused or decode inside of the buffers") {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const Bytes symbols =
        random_symbols(seed, seed % 20 == 0 ? 1100 + seed : 40 + seed, 1.0 + static_cast<double>(seed % 7));
    const Bytes stored = encode_huffman(symbols);
    Bytes guarded(symbols.size() + 16, 0xA5);
    for (std::size_t bit = 0; bit < 8 * stored.size(); bit += 1 + seed % 5) {
      Bytes changed = stored;
      changed[bit / 8] = static_cast<std::uint8_t>(changed[bit / 8] ^ (1U << (bit % 8)));
      static_cast<void>(loader::decode_huffman(changed, std::span(guarded).subspan(8, symbols.size())));
    }
    CHECK(std::all_of(guarded.begin(), guarded.begin() + 8, [](int byte) { return byte == 0xA5; }));
    CHECK(std::all_of(guarded.end() - 8, guarded.end(), [](int byte) { return byte == 0xA5; }));
  }
}

}  // namespace
}  // namespace pith::codec
