// Integers of a trellis in streams of the `small` coder.
#include "codec/small_encoder.h"
#include "loader/small_decoder.h"
#include "tests/codec/code_samples.h"
#include "tests/support/catch.h"
#include "tests/support/trellis_values.h"

namespace pith::codec {
namespace {

using loader::CodeShape, loader::decode_small, loader::trellis::Trellis;

struct Sample {
  CodeShape shape;
  Trellis trellis;
  std::vector<std::int8_t> values;
};

std::vector<Sample> samples(double scale = 2.5) {
  std::vector<Sample> result;
  unsigned seed = 1;
  for (const CodeShape& shape : {shape_of({600}), shape_of({30, 20}), shape_of({20, 30}),
                                 shape_of({6, 4, 5, 5}), shape_of({1, 25, 24}), shape_of({60, 1, 10})}) {
    for (std::size_t axis = 0; axis < shape.rank; ++axis) {
      if (shape.dims[axis] == 1) continue;
      for (std::uint8_t start = 0; start < loader::trellis::kStarts; ++start) {
        const CodeValues indices = sparse(600, scale, 0.2, ++seed);
        std::vector<std::int8_t> narrow;
        for (const std::int32_t index : indices)
          narrow.push_back(static_cast<std::int8_t>(std::clamp(index, -63, 63)));
        const Trellis trellis{.axis = static_cast<std::uint8_t>(axis), .start = start};
        result.push_back({shape, trellis, test::trellis_values(narrow, shape, trellis)});
      }
    }
  }
  return result;
}

CodeBytes encoded(const Sample& sample) {
  const CodeValues wide(sample.values.begin(), sample.values.end());
  return encode_small(wide, sample.shape, choose_parameters(wide, sample.shape, sample.trellis));
}

template <class T>
bool decodes(const CodeBytes& stream, const CodeShape& shape, std::vector<T>& values) {
  return decode_small(stream, shape, std::span(values)).ok();
}

TEST_CASE("integers of a trellis come back from a small stream, as int8 only") {
  for (const double scale : {0.2, 2.5, 20.0}) {
    for (const Sample& sample : samples(scale)) {
      const CodeBytes stream = encoded(sample);
      std::vector<std::int8_t> values(600, 77);
      REQUIRE(decodes(stream, sample.shape, values));
      CHECK(values == sample.values);
      std::vector<std::uint8_t> bytes(600);
      std::vector<std::int16_t> shorts(600);
      std::vector<std::int32_t> words(600);
      CHECK_FALSE(decodes(stream, sample.shape, bytes));
      CHECK_FALSE(decodes(stream, sample.shape, shorts));
      CHECK_FALSE(decodes(stream, sample.shape, words));
    }
  }
}

TEST_CASE("a trellis is found in its integers, and takes fewer bytes than they do") {
  std::size_t as_values = 0;
  std::size_t as_indices = 0;
  for (const Sample& sample : samples()) {
    const auto found = find_trellis(sample.values, sample.shape);
    REQUIRE(found);
    CHECK(test::has_values(sample.values, sample.shape, *found));
    const CodeValues wide(sample.values.begin(), sample.values.end());
    as_values += encode_small(wide, sample.shape).size();
    as_indices += encoded(sample).size();
  }
  // More than half a bit a weight, of about four.
  CHECK(as_indices * 100 < as_values * 88);
}

TEST_CASE("integers of no trellis are not taken for one") {
  const std::vector<std::int8_t> odd{1, 1, 1, 1, 3, 5, 7, 1};
  CHECK_FALSE(find_trellis(odd, shape_of({8})));
  CHECK_FALSE(find_trellis(std::vector<std::int8_t>(8, 2), shape_of({2, 4})));
  CHECK_FALSE(find_trellis(std::vector<std::int8_t>(8, 0), shape_of({8})));
  CHECK_FALSE(find_trellis(std::vector<std::int8_t>(), shape_of({0, 3})));
}

TEST_CASE(
    "a small stream of a trellis that is cut short or changed is refused or stays inside of its output") {
  for (const Sample& sample : samples()) {
    const CodeBytes stream = encoded(sample);
    std::vector<std::int8_t> values(600);
    for (std::size_t size = 0; size < stream.size(); ++size)
      static_cast<void>(decodes(first_bytes(stream, size), sample.shape, values));
    for (std::size_t bit = 0; bit < 8 * stream.size(); bit += bit < 64 ? 1 : 37)
      static_cast<void>(decodes(with_flipped(stream, bit), sample.shape, values));
  }
}

TEST_CASE("a wrong header of a small stream of a trellis is refused") {
  const Sample sample = samples()[2];  // [30, 20], axis 0, start 0
  CodeBytes stream = encoded(sample);
  std::vector<std::int8_t> values(600);
  REQUIRE(stream[0] == 0x88);
  REQUIRE(decodes(stream, sample.shape, values));
  for (const unsigned form : {0x8AU, 0x8FU, 0x92U, 0x97U, 0x98U, 0xFFU, 0x81U}) {
    CodeBytes other = stream;
    other[0] = static_cast<std::uint8_t>(form);
    CHECK_FALSE(decodes(other, sample.shape, values));
  }
  for (const unsigned flag : {0x10U, 0x20U, 0x80U}) {
    CodeBytes other = stream;
    other[1] = static_cast<std::uint8_t>(other[1] | flag);
    CHECK_FALSE(decodes(other, sample.shape, values));
  }
  CHECK_FALSE(decodes(CodeBytes{0x88}, sample.shape, values));
}

}  // namespace
}  // namespace pith::codec
