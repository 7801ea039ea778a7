#include "codec/fast_encoder.h"

#include <limits>
#include <set>
#include <string>
#include <string_view>

#include "loader/fast_decoder.h"
#include "loader/fast_lanes.h"
#include "loader/fast_walk_inl.h"
#include "loader/simd_dispatch.h"
#include "tests/codec/code_samples.h"
#include "tests/support/catch.h"

namespace pith::codec {
namespace {

using loader::CodeShape;
using loader::decode_fast;
using loader::FastPath;

constexpr std::size_t kSegment = loader::kFastSegment;

// Both paths give the values where T holds them all, and refuse where it does not.
template <class T>
bool comes_back_as(const CodeBytes& stream, const CodeShape& shape, const CodeValues& values) {
  for (const FastPath path : {FastPath::best, FastPath::scalar}) {
    std::vector<T> out(values.size(), T{77});
    const bool decoded = decode_fast<T>(stream, shape, out, path).ok();
    if (decoded != all_fit<T>(values) || (decoded && !std::ranges::equal(out, values))) return false;
  }
  return true;
}

void round_trip(const CodeValues& values, const CodeShape& shape, const std::string& what,
                const FastOptions& options = {}) {
  const CodeBytes stream = encode_fast(values, shape, options);
  if (!comes_back_as<std::int8_t>(stream, shape, values)) FAIL(what << " as int8");
  if (!comes_back_as<std::uint8_t>(stream, shape, values)) FAIL(what << " as uint8");
  if (!comes_back_as<std::int16_t>(stream, shape, values)) FAIL(what << " as int16");
  if (!comes_back_as<std::int32_t>(stream, shape, values)) FAIL(what << " as int32");
}

// Whether a stream decodes; both paths must agree about that and about the values, and stay inside.
bool decodes(const CodeBytes& stream, const CodeShape& shape, std::size_t size) {
  constexpr std::size_t kGuard = 64;
  constexpr std::int32_t kMark = 0x5A5A5A5A;
  std::vector<std::int32_t> best(size + 2 * kGuard, kMark);
  std::vector<std::int32_t> scalar = best;
  const auto inside = [&](std::vector<std::int32_t>& buffer) {
    return std::span(buffer).subspan(kGuard, size);
  };
  const bool first = decode_fast<std::int32_t>(stream, shape, inside(best)).ok();
  const bool second = decode_fast<std::int32_t>(stream, shape, inside(scalar), FastPath::scalar).ok();
  if (first != second) FAIL("only one path decodes");
  if (first && best != scalar) FAIL("the paths decode to different values");
  for (const auto& buffer : {best, scalar}) {
    for (std::size_t i = 0; i < kGuard; ++i) {
      if (buffer[i] != kMark || buffer[buffer.size() - 1 - i] != kMark) FAIL("written outside of the output");
    }
  }
  return first;
}

// With a last byte that makes the check come out right, so that the decoder proper has to cope.
CodeBytes checked(CodeBytes stream) {
  stream.pop_back();
  stream.push_back(static_cast<std::uint8_t>(255 - loader::byte_sum(stream)));
  return stream;
}

FastOptions with_tables() {
  FastOptions options;
  options.adaptive = false;
  return options;
}

struct Sample {
  const char* name;
  CodeValues values;
  CodeShape shape;
  FastOptions options;
};

// One stream of every kind and form, small enough to be damaged everywhere.
std::vector<Sample> samples() {
  return {{"one value", {5}, shape_of({1}), {}},
          {"constant", CodeValues(100, -7), shape_of({100}), {}},
          {"adaptive", laplace(150, 0.7, 2), shape_of({10, 15}), {}},
          {"adaptive and wide", laplace(60, 400, 3), shape_of({60}), {}},
          {"tables", structured(20, 25), shape_of({20, 25}), with_tables()},
          {"tables and low bits", laplace(300, 90, 4), shape_of({300}), with_tables()}};
}

TEST_CASE("an empty tensor is an empty fast stream") {
  CHECK(encode_fast(std::vector<std::int32_t>(), shape_of({0})).empty());
  round_trip({}, shape_of({0}), "empty");
  round_trip({}, shape_of({3, 0, 5}), "empty of rank 3");
  CHECK_FALSE(decode_fast<std::int8_t>(CodeBytes{1}, shape_of({0}), {}).ok());
}

TEST_CASE("single and constant values come back from a fast stream in the types that hold them") {
  for (const std::int32_t value :
       {0, 1, -1, 127, 128, -128, -129, 255, 256, 32767, 32768, -32768, -32769, 2147483647, -2147483647}) {
    const std::string name = std::to_string(value);
    round_trip({value}, shape_of({}), "scalar " + name);
    round_trip({value}, shape_of({1, 1}), "one " + name);
    round_trip(CodeValues(3000, value), shape_of({30, 100}), "constant " + name);
    round_trip({value, 0, value}, shape_of({1, 3, 1}), "three of " + name);
    CodeValues among = laplace(5000, 1, 3);
    among[2500] = value;
    round_trip(among, shape_of({5000}), "among others " + name);
  }
  round_trip(CodeValues(kSegment + 5, -3), shape_of({kSegment + 5}), "constant over segments");
}

TEST_CASE("all byte values come back from a fast stream") {
  round_trip(uniform_bytes(2048), shape_of({32, 64}), "0..255");
  round_trip(uniform_bytes(10000), shape_of({100, 100}), "0..255 with tables");
}

TEST_CASE("values that need low bits come back from a fast stream") {
  std::mt19937 random(1);
  for (const std::size_t size : {5U, 4097U}) {
    CodeValues wild(size);
    for (auto& value : wild) value = static_cast<std::int32_t>(random() | 1U);
    round_trip(wild, shape_of({size}), "any of 32 bits");
    for (auto& value : wild) value = static_cast<std::int16_t>(random());
    round_trip(wild, shape_of({1, size, 1, 1}), "any of 16 bits");
    round_trip(laplace(size, 300, 3), shape_of({size, 1}), "wide");
    wild = laplace(size, 1, 3);
    wild[size / 2] = -2000000000;
    wild[size / 3] = 2000000000;
    round_trip(wild, shape_of({size}), "outliers");
  }
}

TEST_CASE("values at the borders of lanes and steps come back from a fast stream") {
  FastOptions one_table = with_tables();
  one_table.contexts = false;
  for (const std::size_t size : {2U, 31U, 32U, 33U, 1000U, 2047U, 2048U, 2049U, 4095U, 4096U, 4097U}) {
    for (const double scale : {0.1, 6.0}) {
      const CodeValues values = laplace(size, scale, static_cast<unsigned>(size));
      const std::string name = std::to_string(size) + " values";
      round_trip(values, shape_of({size}), name);
      round_trip(values, shape_of({1, size}), name + ", tables", with_tables());
      round_trip(values, shape_of({size, 1}), name + ", one table", one_table);
    }
  }
}

TEST_CASE("values at the borders of segments come back from a fast stream") {
  FastOptions one_table;
  one_table.contexts = false;
  for (const std::size_t size : {kSegment - 1, kSegment, kSegment + 1, kSegment + 33, 2 * kSegment - 1}) {
    const CodeValues values = laplace(size, 1.5, 5);
    const CodeBytes stream = encode_fast(values, shape_of({size}), one_table);
    if (!comes_back_as<std::int8_t>(stream, shape_of({size}), values)) FAIL(size << " values");
  }
  const CodeShape shape = shape_of({3, kSegment + 7});
  const CodeValues values = structured(3, kSegment + 7);
  CHECK(comes_back_as<std::int32_t>(encode_fast(values, shape), shape, values));
}

TEST_CASE("every choice of contexts comes back from a fast stream") {
  const CodeValues values = structured(90, 80);
  for (unsigned choice = 0; choice < 16; ++choice) {
    const FastOptions options{(choice & 1U) != 0, (choice & 2U) != 0, (choice & 4U) != 0, (choice & 8U) != 0};
    for (const auto& shape : {shape_of({90, 80}), shape_of({9, 10, 1, 8, 10})}) {
      round_trip(values, shape, "choice " + std::to_string(choice), options);
    }
  }
}

TEST_CASE("contexts make a fast stream of structured values smaller") {
  const CodeValues values = structured(90, 80);
  FastOptions one_table;
  one_table.contexts = false;
  CHECK(encode_fast(values, shape_of({90, 80})).size() <
        encode_fast(values, shape_of({90, 80}), one_table).size());
}

TEST_CASE("the kind of a fast stream follows the number and the spread of its values") {
  const auto kind = [](const CodeValues& values) {
    FastSummary summary;
    static_cast<void>(encode_fast(values, shape_of({values.size()}), {}, &summary));
    return std::string_view(summary.kind);
  };
  CHECK(kind(CodeValues(500, 4)) == "constant");
  CHECK(kind(laplace(100, 2, 1)) == "adaptive");
  CHECK(kind(laplace(5000, 2, 1)) == "tables");
}

TEST_CASE("equal values give equal fast streams") {
  for (const Sample& sample : samples()) {
    CHECK(encode_fast(sample.values, sample.shape) == encode_fast(sample.values, sample.shape));
  }
  const CodeValues values = structured(100, 70);
  CHECK(encode_fast(values, shape_of({100, 70})) == encode_fast(values, shape_of({100, 70})));
}

// The lanes of a stream with tables.
std::size_t lanes_of(const CodeBytes& stream) {
  const std::span<const std::uint8_t> bytes(stream);
  loader::SideReader side(bytes.first(bytes.size() - 1));
  std::uint32_t kind = 0;
  loader::walk_plain(side, 2, kind);
  loader::FastModel model;
  REQUIRE(kind == static_cast<std::uint32_t>(loader::FastKind::tables));
  REQUIRE(loader::walk_layout(side, model) == nullptr);
  return model.lanes;
}

TEST_CASE("a fast stream decodes alike with every width of vectors and every number of lanes") {
  using loader::SimdTarget;
  FastOptions one_table = with_tables();
  one_table.contexts = false;
  std::set<std::size_t> lanes;
  for (const FastOptions& options : {with_tables(), one_table}) {
    // Odd sizes leave steps that no vector and no block of 32 steps takes.
    for (const std::size_t rows : {3U, 5U, 9U, 17U, 35U, 67U, 130U, 257U}) {
      const CodeShape shape = shape_of({rows, 517});
      const CodeValues values = structured(rows, 517);
      const CodeBytes stream = encode_fast(values, shape, options);
      lanes.insert(lanes_of(stream));
      for (const SimdTarget target : {SimdTarget::none, SimdTarget::avx2, SimdTarget::avx3}) {
        loader::simd_limit = target;
        std::vector<std::int16_t> out(values.size());
        CHECK(decode_fast<std::int16_t>(stream, shape, out).ok());
        CHECK(std::ranges::equal(out, values));
      }
    }
  }
  CHECK(lanes.size() >= 5);
  CHECK(lanes.contains(8));
  CHECK(lanes.contains(16));
  CHECK(lanes.contains(32));
}

TEST_CASE("a fast stream that is cut short or too long is refused") {
  for (const auto& [name, values, shape, options] : samples()) {
    const CodeBytes stream = encode_fast(values, shape, options);
    REQUIRE(decodes(stream, shape, values.size()));
    for (std::size_t size = 0; size < stream.size(); ++size) {
      if (decodes(first_bytes(stream, size), shape, values.size())) {
        FAIL(name << ": " << size << " of " << stream.size() << " bytes");
      }
    }
    for (const unsigned extra : {0U, 1U, 255U}) {
      CodeBytes longer = stream;
      longer.push_back(static_cast<std::uint8_t>(extra));
      CHECK_FALSE(decodes(longer, shape, values.size()));
      CHECK_FALSE(decodes(checked(longer), shape, values.size()));
    }
  }
}

TEST_CASE("every change of one bit of a fast stream is noticed") {
  for (const auto& [name, values, shape, options] : samples()) {
    const CodeBytes stream = encode_fast(values, shape, options);
    for (std::size_t bit = 0; bit < 8 * stream.size(); ++bit) {
      if (decodes(with_flipped(stream, bit), shape, values.size())) FAIL(name << ", bit " << bit);
    }
  }
}

TEST_CASE("a changed fast stream with a right check byte is refused or decodes inside of its output") {
  for (const auto& [name, values, shape, options] : samples()) {
    const CodeBytes stream = encode_fast(values, shape, options);
    for (std::size_t bit = 0; bit < 8 * (stream.size() - 1); ++bit) {
      static_cast<void>(decodes(checked(with_flipped(stream, bit)), shape, values.size()));
    }
  }
  const std::size_t size = 2 * kSegment + 100;
  const CodeBytes stream = encode_fast(laplace(size, 60, 8), shape_of({size}), {false, false, false, false});
  for (std::size_t bit = 0; bit < 8 * stream.size(); bit += stream.size() / 2 - 5) {
    static_cast<void>(decodes(checked(with_flipped(stream, bit)), shape_of({size}), size));
  }
}

TEST_CASE("a fast stream is refused with a shape that does not hold its values") {
  const CodeValues values = structured(20, 25);
  const CodeBytes stream = encode_fast(values, shape_of({20, 25}), with_tables());
  CHECK(decodes(stream, shape_of({20, 25}), 500));
  for (const auto& shape : {shape_of({}), shape_of({0}), shape_of({499}), shape_of({20, 26}),
                            shape_of({std::uint64_t{1} << 63, 2}), shape_of({20, 25, 0})}) {
    CHECK_FALSE(decodes(stream, shape, 500));
  }
  CodeShape deep;
  deep.rank = deep.dims.size() + 1;
  CHECK_FALSE(decodes(stream, deep, 500));
}

TEST_CASE("a fast stream is refused as another number of values") {
  for (const auto& [name, values, shape, options] : samples()) {
    if (std::ranges::all_of(values, [&](auto value) { return value == values[0]; })) continue;  // any number
    const CodeBytes stream = encode_fast(values, shape, options);
    for (const std::size_t size :
         {std::size_t{0}, std::size_t{1}, values.size() - 1, values.size() + 1, 2 * kSegment}) {
      if (decodes(stream, shape_of({size}), size)) FAIL(name << " as " << size << " values");
    }
  }
}

TEST_CASE("noise as a fast stream stays inside of its output") {
  std::mt19937 random(5);
  for (int round = 0; round < 4000; ++round) {
    CodeBytes noise = random_bytes(random, 2 + random() % 400);
    const std::size_t size = random() % (round % 20 == 0 ? 9000U : 600U);
    static_cast<void>(decodes(checked(noise), shape_of({size}), size));
  }
}

}  // namespace
}  // namespace pith::codec
