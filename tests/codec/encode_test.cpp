#include "codec/encode.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <random>

#include "loader/decode.h"
#include "tests/support/catch.h"

namespace pith::codec {
namespace {

using Bytes = std::vector<std::uint8_t>;
using loader::Coder;
using loader::StreamLayout;

bool comes_back(const EncodedStream& encoded, const Bytes& stream, const StreamLayout& layout) {
  Bytes decoded(stream.size(), 0xA5);
  return loader::decode_stream(encoded.coder, encoded.bytes, layout, decoded).ok() && decoded == stream;
}

TEST_CASE("raw codes of every width come back") {
  std::mt19937_64 random(1);
  for (std::uint8_t bits = 1; bits <= 8; ++bits) {
    for (const bool is_signed : {false, true}) {
      for (std::size_t size = 0; size < 40; ++size) {
        Bytes codes(size);
        for (auto& code : codes) {
          const int value =
              static_cast<int>(random() % (std::uint64_t{1} << bits)) - (is_signed ? 1 << (bits - 1) : 0);
          code = static_cast<std::uint8_t>(value);
        }
        const StreamLayout layout{.size = size, .packed_bits = bits, .packed_signed = is_signed};
        const EncodedStream raw = encode_raw(codes, layout);
        CHECK(raw.bytes.size() == (size * bits + 7) / 8);
        CHECK(comes_back(raw, codes, layout));
        const EncodedStream smallest = encode_smallest(codes, layout);
        CHECK(smallest.bytes.size() <= raw.bytes.size());
        CHECK(comes_back(smallest, codes, layout));
      }
    }
  }
}

TEST_CASE("the smallest coder is chosen") {
  CHECK(encode_smallest(Bytes{}, {.size = 0}).coder == Coder::raw);
  CHECK(encode_smallest(Bytes{7}, {.size = 1}).coder == Coder::raw);
  CHECK(encode_smallest(Bytes{7, 7}, {.size = 2}).coder == Coder::constant);
  CHECK(encode_smallest(Bytes{7, 8}, {.size = 2}).coder == Coder::raw);
  Bytes skewed(1000, 3);
  for (std::size_t i = 0; i < skewed.size(); ++i) skewed[i] = static_cast<std::uint8_t>(i % 7);
  skewed[0] = 200;
  CHECK(encode_smallest(skewed, {.size = 1000}).coder == Coder::huffman);
}

TEST_CASE("pruned codes take less than a bit each") {
  std::mt19937_64 random(4);
  for (const std::size_t size : {300U, 5000U, 200000U}) {
    for (const std::uint64_t one_in : {3U, 10U, 100U, 1000U}) {
      Bytes codes(size, 16);
      for (auto& code : codes) {
        if (random() % one_in == 0) code = static_cast<std::uint8_t>(random() % 32);
      }
      codes[size / 2] = 1;
      const StreamLayout layout{.size = size, .packed_bits = 5};
      const EncodedStream encoded = encode_smallest(codes, layout);
      CHECK(comes_back(encoded, codes, layout));
      if (size > 1000 && one_in >= 100) {
        CHECK(encoded.coder == Coder::runs);
        CHECK(encoded.bytes.size() < size / 8);
      }
    }
  }
}

TEST_CASE("the size of pruned codes is near their entropy") {
  std::mt19937_64 random(8);
  Bytes codes(400000, 0);
  for (auto& code : codes) {
    if (random() % 10 == 0) code = static_cast<std::uint8_t>(1 + random() % 16);
  }
  // One in ten is one of 16 values: H(0.1) + 0.1 * 4 bits.
  const double bits = -0.1 * std::log2(0.1) - 0.9 * std::log2(0.9) + 0.4;
  const auto size = static_cast<double>(encode_smallest(codes, {.size = codes.size()}).bytes.size());
  CHECK(size < 1.02 * bits * static_cast<double>(codes.size()) / 8);
}

TEST_CASE("float weights are smaller as byte planes") {
  std::mt19937_64 random(2);
  std::normal_distribution<float> normal(0.0F, 0.1F);
  std::vector<float> weights(20000);
  for (float& weight : weights) weight = normal(random);
  Bytes stream(weights.size() * sizeof(float));
  std::memcpy(stream.data(), weights.data(), stream.size());
  const StreamLayout layout{.size = stream.size(), .element_size = 4};
  const EncodedStream encoded = encode_smallest(stream, layout);
  CHECK(encoded.coder == Coder::byteplane);
  CHECK(static_cast<double>(encoded.bytes.size()) < 0.87 * static_cast<double>(stream.size()));
  CHECK(comes_back(encoded, stream, layout));
}

// Normal floats whose rows have scales of their own.
std::vector<float> rows_of_floats(std::size_t rows, std::size_t columns) {
  std::mt19937_64 random(5);
  std::normal_distribution<float> normal(0.0F, 0.1F);
  std::vector<float> weights(rows * columns);
  for (std::size_t i = 0; i < weights.size(); ++i)
    weights[i] = normal(random) * static_cast<float>(1U << (i / columns) * 5 % 7);
  return weights;
}

template <class T>
Bytes bytes_of(const std::vector<T>& values) {
  Bytes bytes(values.size() * sizeof(T));
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

TEST_CASE("the exponents of float weights are coded apart from their signs") {
  const Bytes stream = bytes_of(rows_of_floats(64, 300));
  StreamLayout layout{.size = stream.size(), .element_size = 4};
  layout.shape = loader::CodeShape{.dims = {64, 300}, .rank = 2};
  const std::size_t with_huffman = encode_smallest(stream, layout).bytes.size();
  const EncodedStream fast = encode_smallest(stream, layout, CoderChoice::fast);
  const EncodedStream small = encode_smallest(stream, layout, CoderChoice::small);
  CHECK(fast.coder == Coder::floatplane);
  CHECK(static_cast<double>(fast.bytes.size()) < 0.99 * static_cast<double>(with_huffman));
  CHECK(small.bytes.size() <= fast.bytes.size());
  CHECK(comes_back(fast, stream, layout));
  CHECK(comes_back(small, stream, layout));
}

TEST_CASE("elements of every width come back with every choice of coders") {
  std::mt19937_64 random(6);
  for (const CoderChoice choice :
       {CoderChoice::huffman, CoderChoice::fast, CoderChoice::small, CoderChoice::automatic}) {
    for (const std::uint8_t width : std::array<std::uint8_t, 4>{1, 2, 4, 8}) {
      for (const std::size_t elements : {1U, 2U, 3U, 63U, 700U, 9000U}) {
        for (const unsigned kept : {0x01U, 0x0FU, 0xFFU}) {  // bits of the highest byte of each element
          Bytes stream(elements * width);
          for (auto& byte : stream) byte = static_cast<std::uint8_t>(random());
          for (std::size_t i = width - 1U; i < stream.size(); i += width)
            stream[i] = static_cast<std::uint8_t>(stream[i] & kept);
          const StreamLayout layout{.size = stream.size(), .element_size = width};
          const EncodedStream encoded = encode_smallest(stream, layout, choice);
          CHECK(encoded.bytes.size() <= stream.size());
          CHECK(comes_back(encoded, stream, layout));
        }
      }
    }
  }
}

TEST_CASE("streams that are cut short or changed are refused or stay inside of their output") {
  const Bytes stream = bytes_of(rows_of_floats(20, 40));
  StreamLayout layout{.size = stream.size(), .element_size = 4};
  layout.shape = loader::CodeShape{.dims = {20, 40}, .rank = 2};
  for (const auto& [choice, step] : {std::pair(CoderChoice::fast, 1U), std::pair(CoderChoice::small, 5U)}) {
    const EncodedStream encoded = encode_smallest(stream, layout, choice);
    REQUIRE(encoded.coder == Coder::floatplane);
    Bytes decoded(stream.size());
    for (std::size_t size = 0; size < encoded.bytes.size(); ++size) {
      const auto part = std::span(encoded.bytes).first(size);
      CHECK_FALSE(loader::decode_stream(encoded.coder, part, layout, decoded).ok());
    }
    for (std::size_t bit = 0; bit < 8 * encoded.bytes.size(); bit += step) {
      Bytes changed = encoded.bytes;
      changed[bit / 8] = static_cast<std::uint8_t>(changed[bit / 8] ^ 1U << bit % 8);
      const auto status = loader::decode_stream(encoded.coder, changed, layout, decoded);
      CHECK((status.ok() || !status.message().empty()));
    }
  }
}

TEST_CASE("what repeats is stored as zstd, but not for the choice of huffman") {
  std::vector<float> pattern = rows_of_floats(1, 50);
  std::vector<float> weights;
  for (int i = 0; i < 40; ++i) weights.insert(weights.end(), pattern.begin(), pattern.end());
  const Bytes stream = bytes_of(weights);
  const StreamLayout layout{.size = stream.size(), .element_size = 4};
  const EncodedStream encoded = encode_smallest(stream, layout, CoderChoice::fast);
  CHECK(encoded.coder == Coder::zstd);
  CHECK(encoded.bytes.size() < 300);
  CHECK(comes_back(encoded, stream, layout));
  CHECK(encode_smallest(stream, layout, CoderChoice::huffman).coder == Coder::byteplane);
  std::mt19937_64 random(7);
  Bytes noise(300);
  for (auto& byte : noise) byte = static_cast<std::uint8_t>(random());
  Bytes bytes;
  for (int i = 0; i < 30; ++i) bytes.insert(bytes.end(), noise.begin(), noise.end());
  CHECK(encode_smallest(bytes, {.size = bytes.size()}, CoderChoice::fast).coder == Coder::zstd);
}

TEST_CASE("fast leaves wide codes to huffman, and takes narrow ones") {
  std::mt19937_64 random(5);
  std::normal_distribution<double> normal;
  Bytes codes(1 << 17);
  const StreamLayout layout{.size = codes.size(), .packed_bits = 8, .packed_signed = true};
  const auto coder_of = [&](double deviation, CoderChoice choice) {
    for (auto& code : codes) {
      const double value = std::clamp(std::round(deviation * normal(random)), -127.0, 127.0);
      code = static_cast<std::uint8_t>(static_cast<std::int8_t>(value));
    }
    const EncodedStream encoded = encode_smallest(codes, layout, choice);
    CHECK(comes_back(encoded, codes, layout));
    return encoded.coder;
  };
  CHECK(coder_of(35, CoderChoice::fast) == Coder::huffman);
  CHECK(coder_of(0.7, CoderChoice::fast) == Coder::fast);
  CHECK(coder_of(35, CoderChoice::small) != Coder::fast);
}

TEST_CASE("automatic is small for few weights and fast for many") {
  CHECK(resolved(CoderChoice::automatic, 0) == CoderChoice::small);
  CHECK(resolved(CoderChoice::automatic, 524288) == CoderChoice::small);
  CHECK(resolved(CoderChoice::automatic, 524289) == CoderChoice::fast);
  CHECK(resolved(CoderChoice::huffman, 1) == CoderChoice::huffman);
  CHECK(resolved(CoderChoice::small, 1U << 30) == CoderChoice::small);
}

TEST_CASE("what no coder makes smaller is stored as it is") {
  std::mt19937_64 random(3);
  for (const std::uint8_t width : std::array<std::uint8_t, 4>{1, 2, 4, 8}) {
    for (const std::size_t elements : {1U, 2U, 3U, 17U, 500U}) {
      Bytes stream(elements * width);
      for (auto& byte : stream) byte = static_cast<std::uint8_t>(random());
      const StreamLayout layout{.size = stream.size(), .element_size = width};
      const EncodedStream encoded = encode_smallest(stream, layout);
      CHECK(encoded.bytes.size() <= stream.size());
      CHECK(comes_back(encoded, stream, layout));
    }
  }
}

TEST_CASE("integers with idle bytes shrink to their used planes") {
  Bytes stream;
  for (unsigned i = 0; i < 300; ++i) {
    for (unsigned byte = 0; byte < 8; ++byte) stream.push_back(byte == 0 ? static_cast<std::uint8_t>(i) : 0);
  }
  const StreamLayout layout{.size = stream.size(), .element_size = 8};
  const EncodedStream encoded = encode_smallest(stream, layout);
  CHECK(encoded.coder == Coder::byteplane);
  CHECK(encoded.bytes.size() < 330);
  CHECK(comes_back(encoded, stream, layout));
}

TEST_CASE("gaps come back as positions") {
  const std::vector<std::int64_t> positions{0, 1, 2, 130, 131, 20000, std::int64_t{1} << 40};
  const Bytes gaps = encode_gaps(positions);
  std::vector<std::int64_t> decoded(positions.size());
  CHECK(loader::decode_gaps(gaps, (std::uint64_t{1} << 40) + 1, decoded).ok());
  CHECK(decoded == positions);
  CHECK(encode_gaps({}).empty());
}

}  // namespace
}  // namespace pith::codec
