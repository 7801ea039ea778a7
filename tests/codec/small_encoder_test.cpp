#include "codec/small_encoder.h"

#include <limits>
#include <string>

#include "loader/small_decoder.h"
#include "tests/codec/code_samples.h"
#include "tests/support/catch.h"

namespace pith::codec {
namespace {

using loader::CodeShape;
using loader::decode_small;

constexpr std::int32_t kLeast = std::numeric_limits<std::int32_t>::min();
constexpr std::int32_t kMost = std::numeric_limits<std::int32_t>::max();

// The values where T holds them all, a refusal where it does not. The output has no byte to spare.
template <class T>
bool comes_back_as(const CodeBytes& stream, const CodeShape& shape, const CodeValues& values) {
  std::vector<T> out(values.size(), T{77});
  const bool decoded = decode_small(stream, shape, std::span(out)).ok();
  return decoded == all_fit<T>(values) && (!decoded || std::ranges::equal(out, values));
}

void round_trip(const CodeValues& values, const CodeShape& shape, const std::string& what) {
  const CodeBytes stream = encode_small(values, shape);
  if (!comes_back_as<std::int8_t>(stream, shape, values)) FAIL(what << " as int8");
  if (!comes_back_as<std::uint8_t>(stream, shape, values)) FAIL(what << " as uint8");
  if (!comes_back_as<std::int16_t>(stream, shape, values)) FAIL(what << " as int16");
  if (!comes_back_as<std::int32_t>(stream, shape, values)) FAIL(what << " as int32");
}

// Whether a stream decodes, which it must do inside of its output in any case.
template <class T>
bool decodes(const CodeBytes& stream, const CodeShape& shape, std::size_t size) {
  constexpr std::size_t kGuard = 64;
  std::vector<T> buffer(size + 2 * kGuard, T{0x5A});
  const bool decoded = decode_small(stream, shape, std::span(buffer).subspan(kGuard, size)).ok();
  for (std::size_t i = 0; i < kGuard; ++i) {
    if (buffer[i] != T{0x5A} || buffer[buffer.size() - 1 - i] != T{0x5A})
      FAIL("written outside of the output");
  }
  return decoded;
}

struct Sample {
  CodeValues values;
  CodeShape shape;
};

std::vector<Sample> samples() {
  return {{sparse(144, 5, 0, 11), shape_of({16, 1, 3, 3})},
          {sparse(160, 1, 0.6, 12), shape_of({10, 16})},
          {sparse(64, 30, 0.1, 13), shape_of({16, 4})},
          {sparse(200, 0.3, 0.5, 14), shape_of({200})},
          {sparse(20, 3, 0, 15), shape_of({20})}};
}

TEST_CASE("an empty tensor is an empty small stream") {
  CHECK(encode_small(CodeValues{}, shape_of({0})).empty());
  round_trip({}, shape_of({0, 3}), "empty");
  round_trip({}, shape_of({3, 0}), "empty");
  CHECK_FALSE(decodes<std::int8_t>({0x80, 0}, shape_of({0}), 0));
}

TEST_CASE("single and constant values come back from a small stream in the types that hold them") {
  for (const std::int32_t value :
       {0, 1, -1, 127, 128, -128, -129, 255, 256, 32767, 32768, -32768, -32769, kMost, kLeast}) {
    const std::string name = std::to_string(value);
    round_trip({value}, shape_of({}), "scalar " + name);
    round_trip({value}, shape_of({1, 1, 1}), "one " + name);
    round_trip(CodeValues(100, value), shape_of({10, 10}), "constant " + name);
    CodeValues among(64, 0);
    among[40] = value;
    round_trip(among, shape_of({8, 8}), "among zeros " + name);
  }
}

TEST_CASE("values at the ends of every type come back from a small stream") {
  CodeValues extremes;
  for (int i = 0; i < 300; ++i) extremes.push_back(i % 3 == 0 ? kLeast : i % 3 == 1 ? kMost : i);
  round_trip(extremes, shape_of({10, 30}), "extremes");
  round_trip({kLeast, kMost}, shape_of({2}), "both extremes");
  std::mt19937 random(1);
  CodeValues any(600);
  for (auto& value : any) value = static_cast<std::int32_t>(random());
  round_trip(any, shape_of({600}), "any of 32 bits");
  for (auto& value : any) value = static_cast<std::int16_t>(random());
  round_trip(any, shape_of({20, 30}), "any of 16 bits");
  round_trip(uniform_bytes(2000), shape_of({20, 100}), "0..255");
}

TEST_CASE("values of any shape come back from a small stream") {
  for (const auto& shape :
       {shape_of({360}), shape_of({1, 360}), shape_of({360, 1}), shape_of({2, 180}), shape_of({180, 2}),
        shape_of({1, 1, 360}), shape_of({5, 8, 3, 3}), shape_of({40, 1, 3, 3}), shape_of({1, 40, 3, 3}),
        shape_of({2, 2, 2, 1, 1, 5, 3, 3}), shape_of({12, 30, 1, 1}), shape_of({12, 6, 5, 1}),
        shape_of({3, 2, 60})}) {
    for (const double scale : {0.1, 1.0, 50.0, 1e8}) {
      for (const double zeros : {0.0, 0.9}) round_trip(sparse(360, scale, zeros, 7), shape, "shape");
    }
  }
}

TEST_CASE("rows wider than the widest come back from a small stream") {
  const CodeValues values = sparse(132000, 2, 0.7, 3);
  const CodeBytes stream = encode_small(values, shape_of({2, 66000}));
  CHECK(comes_back_as<std::int8_t>(stream, shape_of({2, 66000}), values));
}

TEST_CASE("sparse, shifted and numbered values come back from a small stream") {
  round_trip(sparse(3000, 2, 0.995, 3), shape_of({3000, 1}), "nearly all zeros");
  CodeValues shifted = laplace(2000, 5, 9);
  for (auto& value : shifted) value += 100;
  round_trip(shifted, shape_of({20, 100}), "values far from zero");
  CodeValues clusters = sparse(2000, 8, 0.8, 10);
  for (auto& value : clusters) value = value == 0 ? 0 : std::clamp(value + 17, 1, 32);
  round_trip(clusters, shape_of({20, 100}), "numbered clusters");
}

TEST_CASE("all parameters come back from a small stream") {
  const CodeValues values = sparse(500, 6, 0.3, 4);
  const CodeShape shape = shape_of({5, 100});
  loader::small::Parameters parameters;
  parameters.mean16 = 40;
  parameters.shift = loader::small::usual_shift(40, false);
  for (parameters.shape = 0; parameters.shape < 4; ++parameters.shape) {
    for (unsigned flags = 0; flags < 8; ++flags) {
      parameters.predict = (flags & 1U) != 0;
      parameters.model_signs = (flags & 2U) != 0;
      parameters.zero_first = (flags & 4U) != 0;
      for (const std::uint32_t lag : {1U, 3U, 100U}) {
        parameters.first_lag = lag;
        parameters.second_lag = parameters.predict ? 101 - lag : 1;
        const CodeBytes stream = encode_small(values, shape, parameters);
        if (!comes_back_as<std::int32_t>(stream, shape, values)) FAIL("flags " << flags << ", lag " << lag);
      }
    }
  }
}

TEST_CASE("equal values give equal small streams") {
  for (const auto& [values, shape] : samples()) {
    CHECK(encode_small(values, shape) == encode_small(values, shape));
  }
  const CodeValues values = structured(50, 60);
  CHECK(encode_small(values, shape_of({50, 60})) == encode_small(values, shape_of({50, 60})));
}

TEST_CASE("a small stream is near the entropy of independent values") {
  const CodeValues values = sparse(20000, 0, 1, 1);
  CHECK(encode_small(values, shape_of({100, 200})).size() == 2);
  std::mt19937 random(2);
  CodeValues coins(20000);
  for (auto& coin : coins) coin = static_cast<std::int32_t>(random() & 1U);
  CHECK(encode_small(coins, shape_of({100, 200})).size() < 20000 / 8 * 103 / 100);
}

TEST_CASE("a small stream that is cut short or changed is refused or decodes inside of its output") {
  for (const auto& [values, shape] : samples()) {
    const CodeBytes stream = encode_small(values, shape);
    REQUIRE(decodes<std::int32_t>(stream, shape, values.size()));
    for (std::size_t size = 0; size < stream.size(); ++size) {
      static_cast<void>(decodes<std::int8_t>(first_bytes(stream, size), shape, values.size()));
    }
    for (std::size_t bit = 0; bit < 8 * stream.size(); ++bit) {
      static_cast<void>(decodes<std::int8_t>(with_flipped(stream, bit), shape, values.size()));
      if (bit < 64) static_cast<void>(decodes<std::int32_t>(with_flipped(stream, bit), shape, values.size()));
    }
  }
}

TEST_CASE("bytes after the end of a small stream are refused") {
  auto all = samples();
  all.push_back({CodeValues(30, 5), shape_of({30})});
  for (const auto& [values, shape] : all) {
    CodeBytes longer = encode_small(values, shape);
    for (const unsigned extra : {0U, 1U, 255U}) {
      longer.push_back(static_cast<std::uint8_t>(extra));
      CHECK_FALSE(decodes<std::int32_t>(longer, shape, values.size()));
    }
  }
}

TEST_CASE("a wrong header of a small stream is refused") {
  const CodeShape shape = shape_of({10, 16});
  for (const CodeBytes& stream :
       {CodeBytes{}, CodeBytes{0x80}, CodeBytes{0x80, 0x80}, CodeBytes{0x81, 0}, CodeBytes{0x84, 0},
        CodeBytes{0x80, 0, 0}, CodeBytes{0}, CodeBytes{0, 32}}) {
    CHECK_FALSE(decodes<std::int32_t>(stream, shape, 160));
  }
  // A lag of 17 values is more than a row of 16: the third byte holds one less than the first lag.
  CodeBytes stream = encode_small(sparse(160, 3, 0, 1), shape, {});
  REQUIRE(decodes<std::int32_t>(stream, shape, 160));
  stream[2] = 16;
  CHECK_FALSE(decodes<std::int32_t>(stream, shape, 160));
}

TEST_CASE("a small stream with another shape stays inside of its output") {
  const auto all = samples();
  const CodeBytes stream = encode_small(all[1].values, all[1].shape);
  for (const auto& shape : {shape_of({}), shape_of({2, 3}), shape_of({160}), shape_of({16, 10}),
                            shape_of({4, 65536, 65536}), shape_of({2, 5, 4, 4}), shape_of({0, 7})}) {
    for (const std::size_t size : {1U, 7U, 160U, 161U, 500U}) {
      static_cast<void>(decodes<std::int32_t>(stream, shape, size));
    }
  }
  CodeShape deep;
  deep.rank = deep.dims.size() + 1;
  CHECK_FALSE(decodes<std::int32_t>(stream, deep, 160));
}

TEST_CASE("noise as a small stream stays inside of its output") {
  std::mt19937 random(5);
  for (unsigned round = 0; round < 1024; ++round) {
    CodeBytes noise = random_bytes(random, 2 + random() % 60);
    noise[0] = static_cast<std::uint8_t>(round);
    static_cast<void>(decodes<std::int32_t>(noise, shape_of({5, 5, 10}), 250));
  }
}

}  // namespace
}  // namespace pith::codec
