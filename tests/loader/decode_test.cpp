#include "loader/decode.h"

#include <zstd.h>

#include "tests/support/catch.h"

namespace pith::loader {
namespace {

using Bytes = std::vector<std::uint8_t>;

// Decodes into a poisoned buffer with guard bytes; nullopt when refused.
std::optional<Bytes> decode(Coder coder, const Bytes& stored, const StreamLayout& layout) {
  const auto size = static_cast<std::size_t>(layout.size);
  Bytes buffer(size + 16, 0xA5);
  const Status status = decode_stream(coder, stored, layout, std::span(buffer).subspan(8, size));
  for (std::size_t i = 0; i < 8; ++i) {
    CHECK(buffer[i] == 0xA5);
    CHECK(buffer[8 + size + i] == 0xA5);
  }
  if (!status.ok()) {
    CHECK(status.code() == StatusCode::damaged);
    CHECK_FALSE(status.message().empty());
    return std::nullopt;
  }
  return Bytes(buffer.begin() + 8, buffer.end() - 8);
}

std::optional<std::vector<std::int64_t>> positions_of(const Bytes& gaps, std::size_t count,
                                                      std::uint64_t elements) {
  std::vector<std::int64_t> positions(count);
  if (!decode_gaps(gaps, elements, positions).ok()) return std::nullopt;
  return positions;
}

TEST_CASE("raw bytes are the bytes, no more and no fewer") {
  CHECK(decode(Coder::raw, {1, 2, 3}, {.size = 3}) == Bytes{1, 2, 3});
  CHECK_FALSE(decode(Coder::raw, {1, 2}, {.size = 3}));
  CHECK_FALSE(decode(Coder::raw, {1, 2, 3, 4}, {.size = 3}));
}

TEST_CASE("raw codes are packed, the highest bit first") {
  // 101 001 111 and seven zero bits.
  const Bytes stored{0b1010'0111, 0b1000'0000};
  CHECK(decode(Coder::raw, stored, {.size = 3, .packed_bits = 3}) == Bytes{5, 1, 7});
  CHECK(decode(Coder::raw, stored, {.size = 3, .packed_bits = 3, .packed_signed = true}) ==
        Bytes{static_cast<std::uint8_t>(-3), 1, static_cast<std::uint8_t>(-1)});
  CHECK_FALSE(decode(Coder::raw, {0b1010'0111, 0b1000'0001}, {.size = 3, .packed_bits = 3}));
  CHECK_FALSE(decode(Coder::raw, {0b1010'0111}, {.size = 3, .packed_bits = 3}));
  CHECK_FALSE(decode(Coder::raw, {0b1010'0111, 0b1000'0000, 0}, {.size = 3, .packed_bits = 3}));
  CHECK(decode(Coder::raw, {0b1000'0000}, {.size = 8, .packed_bits = 1, .packed_signed = true}) ==
        Bytes{255, 0, 0, 0, 0, 0, 0, 0});
}

TEST_CASE("a constant stream is one byte") {
  CHECK(decode(Coder::constant, {7}, {.size = 4}) == Bytes{7, 7, 7, 7});
  CHECK_FALSE(decode(Coder::constant, {}, {.size = 4}));
  CHECK_FALSE(decode(Coder::constant, {7, 7}, {.size = 4}));
}

TEST_CASE("an empty stream is raw and has no bytes") {
  CHECK(decode(Coder::raw, {}, {.size = 0}) == Bytes{});
  CHECK_FALSE(decode(Coder::raw, {0}, {.size = 0}));
  CHECK_FALSE(decode(Coder::constant, {0}, {.size = 0}));
  CHECK_FALSE(decode(Coder::huffman, {}, {.size = 0}));
  CHECK_FALSE(decode(Coder::byteplane, {}, {.size = 0, .element_size = 4}));
}

TEST_CASE("byte planes are put together again, lowest byte first") {
  const Bytes stored{0, 2, 3, 1, 0x11, 0x22, 0xFF};  // plane 0 raw of 2 bytes, plane 1 constant
  const StreamLayout layout{.size = 4, .element_size = 2};
  CHECK(decode(Coder::byteplane, stored, layout) == Bytes{0x11, 0xFF, 0x22, 0xFF});
  for (std::size_t size = 0; size < stored.size(); ++size) {
    CHECK_FALSE(decode(Coder::byteplane,
                       Bytes(stored.begin(), stored.begin() + static_cast<std::ptrdiff_t>(size)), layout));
  }
  Bytes longer = stored;
  longer.push_back(0);
  CHECK_FALSE(decode(Coder::byteplane, longer, layout));
  CHECK_FALSE(decode(Coder::byteplane, stored, {.size = 4, .element_size = 1}));
}

TEST_CASE("turned planes have the sign in the lowest bit") {
  // 0x8001 and 0x4000 turned left: 0x0003 and 0x8000.
  const Bytes stored{0, 2, 0, 2, 0x03, 0x00, 0x00, 0x80};
  const StreamLayout halves{.size = 4, .element_size = 2};
  CHECK(decode(Coder::floatplane, stored, halves) == Bytes{0x01, 0x80, 0x00, 0x40});
  for (std::size_t size = 0; size < stored.size(); ++size) {
    CHECK_FALSE(decode(Coder::floatplane,
                       Bytes(stored.begin(), stored.begin() + static_cast<std::ptrdiff_t>(size)), halves));
  }
  CHECK_FALSE(decode(Coder::floatplane, stored, {.size = 4, .element_size = 1}));
  // -1.0 as float32 is 0xBF800000; turned 0x7F000001.
  CHECK(decode(Coder::floatplane, {0, 1, 3, 1, 0, 1, 0, 1, 0x01, 0x00, 0x00, 0x7F},
               {.size = 4, .element_size = 4}) == Bytes{0x00, 0x00, 0x80, 0xBF});
  CHECK(decode(Coder::floatplane, {0, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 1, 0, 0, 0, 0, 0, 0, 2},
               {.size = 8, .element_size = 8}) == Bytes{0, 0, 0, 0, 0, 0, 0, 0x81});
}

TEST_CASE("a zstd stream is one frame of exactly its size") {
  Bytes text;
  for (unsigned i = 0; i < 1000; ++i) text.push_back(static_cast<std::uint8_t>(i % 10));
  Bytes frame(ZSTD_compressBound(text.size()));
  frame.resize(ZSTD_compress(frame.data(), frame.size(), text.data(), text.size(), 3));
  CHECK(decode(Coder::zstd, frame, {.size = 1000}) == text);
  CHECK(decode(Coder::zstd, frame, {.size = 1000, .element_size = 8}) == text);
  CHECK_FALSE(decode(Coder::zstd, frame, {.size = 999}));
  CHECK_FALSE(decode(Coder::zstd, frame, {.size = 1001}));
  for (std::size_t size = 0; size < frame.size(); ++size) {
    CHECK_FALSE(decode(Coder::zstd, Bytes(frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(size)),
                       {.size = 1000}));
  }
  Bytes twice = frame;
  twice.insert(twice.end(), frame.begin(), frame.end());
  CHECK_FALSE(decode(Coder::zstd, twice, {.size = 2000}));
  CHECK_FALSE(decode(Coder::zstd, {0x50, 0x2A, 0x4D, 0x18, 1, 0, 0, 0, 9}, {.size = 1000}));  // to be skipped
  for (std::size_t bit = 0; bit < 8 * frame.size(); ++bit) {
    Bytes changed = frame;
    changed[bit / 8] = static_cast<std::uint8_t>(changed[bit / 8] ^ 1U << bit % 8);
    static_cast<void>(decode(Coder::zstd, changed, {.size = 1000}));  // looks at the guards
  }
}

TEST_CASE("streams of wide elements have no coder of integers") {
  const Bytes stored(40, 1);
  for (const Coder coder : {Coder::fast, Coder::small}) {
    CHECK_FALSE(decode(coder, stored, {.size = 400, .element_size = 2}));
  }
  CHECK_FALSE(decode(Coder::same, stored, {.size = 40}));
}

TEST_CASE("planes have coders of bytes only") {
  for (const int coder : {2, 8, 9, 10, 255}) {
    const Bytes stored{0, 2, static_cast<std::uint8_t>(coder), 1, 0x11, 0x22, 0xFF};
    CHECK_FALSE(decode(Coder::byteplane, stored, {.size = 4, .element_size = 2}));
  }
}

TEST_CASE("a plane larger than the stream is refused") {
  const Bytes stored{0, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F, 3, 1, 0x11, 0x22};
  CHECK_FALSE(decode(Coder::byteplane, stored, {.size = 4, .element_size = 2}));
}

TEST_CASE("runs of the common value stand between the others") {
  // Zeros; runs 1, 0, 255, 2 as raw; values 7, 8, 9 as raw.
  const Bytes stored{0, 4, 3, 0, 4, 0, 1, 0, 255, 2, 7, 8, 9};
  Bytes expected(264, 0);
  expected[1] = 7;
  expected[2] = 8;
  expected[260] = 9;
  CHECK(decode(Coder::runs, stored, {.size = 264}) == expected);
  expected.resize(261);
  CHECK(decode(Coder::runs, stored, {.size = 261}) == expected);
  CHECK_FALSE(decode(Coder::runs, stored, {.size = 260}));
  CHECK_FALSE(decode(Coder::runs, stored, {.size = 257}));
  for (std::size_t size = 0; size < stored.size(); ++size) {
    CHECK_FALSE(decode(Coder::runs, Bytes(stored.begin(), stored.begin() + static_cast<std::ptrdiff_t>(size)),
                       {.size = 264}));
  }
  Bytes longer = stored;
  longer.push_back(0);
  CHECK_FALSE(decode(Coder::runs, longer, {.size = 264}));
}

TEST_CASE("runs and values that do not match are refused") {
  CHECK(decode(Coder::runs, {0, 1, 1, 0, 1, 0, 1, 7}, {.size = 2}) == Bytes{0, 7});
  CHECK_FALSE(decode(Coder::runs, {0, 1, 0, 0, 1, 0, 1}, {.size = 2}));         // a run without its value
  CHECK_FALSE(decode(Coder::runs, {0, 1, 1, 0, 1, 0, 255, 7}, {.size = 300}));  // a value without its run
  CHECK_FALSE(decode(Coder::runs, {0, 1, 2, 0, 1, 0, 1, 7, 8}, {.size = 4}));   // more values than runs
  CHECK_FALSE(decode(Coder::runs, {0, 3, 0, 3, 1, 0, 255}, {.size = 2}));       // more runs than symbols
  CHECK_FALSE(decode(Coder::runs, {0, 1, 1, 4, 1, 0, 1, 7}, {.size = 2}));      // runs made of runs
  CHECK_FALSE(decode(Coder::runs, {0, 1, 1, 0, 1, 2, 1, 7}, {.size = 2}));      // values made of planes
  const Bytes huge_runs{0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F, 0, 3, 1, 0, 9};
  CHECK_FALSE(decode(Coder::runs, huge_runs, {.size = 100}));
  const Bytes huge_values{0, 1, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F, 0, 1, 3, 1, 9};
  CHECK_FALSE(decode(Coder::runs, huge_values, {.size = 100}));
}

TEST_CASE("positions are read from gaps") {
  const auto positions = positions_of(Bytes{0, 0, 0x80, 0x01, 5}, 4, 200);
  REQUIRE(positions);
  CHECK(*positions == std::vector<std::int64_t>{0, 1, 130, 136});
  CHECK(positions_of(Bytes{}, 0, 0).has_value());
  CHECK(positions_of(Bytes{9}, 1, 10).has_value());
}

TEST_CASE("gaps that do not fit the tensor or their bytes are refused") {
  CHECK_FALSE(positions_of(Bytes{10}, 1, 10));
  CHECK_FALSE(positions_of(Bytes{9, 0}, 2, 10));
  CHECK_FALSE(positions_of(Bytes{1}, 2, 10));
  CHECK_FALSE(positions_of(Bytes{1, 1}, 1, 10));
  CHECK_FALSE(positions_of(Bytes{0x80}, 1, 10));
  CHECK_FALSE(positions_of(Bytes{0x80, 0x00}, 1, 10));  // not the shortest form
  CHECK_FALSE(positions_of(Bytes{0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01}, 1, 10));
  CHECK_FALSE(positions_of(Bytes{0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x02}, 1, 10));
}

}  // namespace
}  // namespace pith::loader
