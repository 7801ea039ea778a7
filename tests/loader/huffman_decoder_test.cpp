#include "loader/huffman_decoder.h"

#include <vector>

#include "loader/bit_reader.h"
#include "tests/support/catch.h"

namespace pith::loader {
namespace {

using Bytes = std::vector<std::uint8_t>;

// a = 0, b = 10, c = 11; lengths 1, 2, 2 written as 110001 100 0; then "abca" = 0 10 11 0.
const Bytes kAbca{'a', 2, 0b1100'0110, 0b0000'0000, 0b0101'1000};

Status decode(const Bytes& stored, std::size_t symbols) {
  // Guard bytes on both sides: a decoder that writes outside of its output changes them.
  Bytes buffer(symbols + 32, 0xA5);
  const Status status = decode_huffman(stored, std::span(buffer).subspan(16, symbols));
  for (std::size_t i = 0; i < 16; ++i) {
    CHECK(buffer[i] == 0xA5);
    CHECK(buffer[16 + symbols + i] == 0xA5);
  }
  return status;
}

TEST_CASE("a hand-made Huffman stream decodes") {
  Bytes symbols(4);
  REQUIRE(decode_huffman(kAbca, symbols).ok());
  CHECK(symbols == Bytes{'a', 'b', 'c', 'a'});
}

TEST_CASE("code lengths are accepted exactly when they are a complete code") {
  for (std::size_t alphabet = 1; alphabet <= 6; ++alphabet) {
    std::size_t vectors = 1;
    for (std::size_t i = 0; i < alphabet; ++i) vectors *= 5;
    std::size_t accepted = 0;
    for (std::size_t vector = 0; vector < vectors; ++vector) {
      CodeLengths lengths{};
      std::size_t rest = vector;
      unsigned sixteenths = 0;
      for (std::size_t symbol = 0; symbol < alphabet; ++symbol, rest /= 5) {
        lengths[symbol * 51] = static_cast<std::uint8_t>(rest % 5);
        if (rest % 5 != 0) sixteenths += 16U >> (rest % 5);
      }
      const bool complete = sixteenths == 16;
      if (check_code_lengths(lengths).ok() != complete) FAIL("vector " << vector << " of " << alphabet);
      accepted += complete ? 1U : 0U;
    }
    // Two symbols: 1,1. Three: 1,1 in three places, and 1,2,2 in three orders.
    if (alphabet == 1) CHECK(accepted == 0);
    if (alphabet == 2) CHECK(accepted == 1);
    if (alphabet == 3) CHECK(accepted == 6);
  }
}

TEST_CASE("code lengths go up to 12 bits and no further") {
  CodeLengths lengths{};
  for (std::uint8_t i = 0; i < 12; ++i) lengths[i] = static_cast<std::uint8_t>(i + 1);
  lengths[12] = 12;
  CHECK(check_code_lengths(lengths).ok());
  lengths[11] = 13;
  CHECK_FALSE(check_code_lengths(lengths).ok());
}

TEST_CASE("canonical codes count up by length, then by byte value") {
  CodeLengths lengths{};
  lengths[250] = 2;
  lengths[3] = 2;
  lengths[7] = 1;
  const auto codes = canonical_codes(lengths);
  CHECK(codes[7] == 0b0);
  CHECK(codes[3] == 0b10);
  CHECK(codes[250] == 0b11);
}

TEST_CASE("a Huffman stream that is cut short or too long is refused") {
  for (std::size_t size = 0; size < kAbca.size(); ++size) {
    CHECK_FALSE(decode(Bytes(kAbca.begin(), kAbca.begin() + static_cast<std::ptrdiff_t>(size)), 4).ok());
  }
  Bytes longer = kAbca;
  longer.push_back(0);
  CHECK_FALSE(decode(longer, 4).ok());
}

TEST_CASE("a Huffman stream with another number of symbols is refused") {
  CHECK(decode(kAbca, 4).ok());
  CHECK_FALSE(decode(kAbca, 0).ok());
  CHECK_FALSE(decode(kAbca, 9).ok());
  CHECK_FALSE(decode(kAbca, 1000000).ok());
}

TEST_CASE("padding bits of a Huffman stream must be zero") {
  Bytes table_padding = kAbca;
  table_padding[3] |= 1;
  CHECK_FALSE(decode(table_padding, 4).ok());
  Bytes lane_padding = kAbca;
  lane_padding[4] |= 1;
  CHECK_FALSE(decode(lane_padding, 4).ok());
}

TEST_CASE("a Huffman table that is no complete code is refused") {
  CHECK_FALSE(decode({'a', 0, 0b1100'0100, 0}, 1).ok());               // one symbol of length 1
  CHECK_FALSE(decode({'a', 1, 0b1100'0101, 0b1000'1000, 0}, 2).ok());  // lengths 1, 2
  CHECK_FALSE(decode({'a', 2, 0b1100'0100, 0b0000'0000, 0}, 2).ok());  // lengths 1, 1, 1
  CHECK_FALSE(decode({'a', 1, 0b1111'1100, 0b0000'0000, 0}, 2).ok());  // length 15
}

TEST_CASE("a Huffman table may skip byte values but not at its edges") {
  // Lengths 1, 0, 1 as 110001 101 100: a = 0, c = 1.
  CHECK(decode({'a', 2, 0b1100'0110, 0b1100'0000, 0b0100'0000}, 2).ok());
  // Lengths 0, 1, 1 as 110000 100 0, and 1, 1, 0 as 110001 0 101.
  CHECK_FALSE(decode({'a', 2, 0b1100'0010, 0b0000'0000, 0b0100'0000}, 2).ok());
  CHECK_FALSE(decode({'a', 2, 0b1100'0101, 0b0100'0000, 0b0100'0000}, 2).ok());
}

TEST_CASE("a Huffman stream that ends inside of its lane sizes is refused") {
  // 256 times length 8 written out as 111000: a table so long that 1024 symbols seem possible.
  Bytes stored{0, 255};
  for (int i = 0; i < 64; ++i) stored.insert(stored.end(), {0xE3, 0x8E, 0x38});
  for (int sizes = 0; sizes < 6; ++sizes, stored.push_back(0)) CHECK_FALSE(decode(stored, 1024).ok());
}

TEST_CASE("a Huffman table wraps from byte 255 to byte 0") {
  Bytes symbols(2);
  REQUIRE(decode_huffman(Bytes{255, 1, 0b1100'0100, 0b0100'0000}, symbols).ok());
  CHECK(symbols == Bytes{0, 255});  // canonical order is by byte value, not by place in the table
}

TEST_CASE("every change of one bit of a Huffman stream stays inside of its buffers") {
  for (std::size_t bit = 0; bit < 8 * kAbca.size(); ++bit) {
    Bytes changed = kAbca;
    changed[bit / 8] = static_cast<std::uint8_t>(changed[bit / 8] ^ (1U << (bit % 8)));
    static_cast<void>(decode(changed, 4));
  }
}

TEST_CASE("a bit reader gives zeros past its end and says so") {
  const Bytes bytes{0b1010'0000};
  BitReader bits(bytes);
  CHECK(bits.take(3) == 0b101);
  CHECK(bits.padding_is_zero());
  CHECK(bits.bytes_used() == 1);
  CHECK(bits.peek(12) == 0);
  bits.skip(5);
  CHECK_FALSE(bits.overrun());
  CHECK(bits.take(1) == 0);
  CHECK(bits.overrun());
}

}  // namespace
}  // namespace pith::loader
