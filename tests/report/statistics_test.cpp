// The counting against a simple count of the same values, in every way that it takes.
#include "report/statistics.h"

#include <cmath>
#include <cstring>
#include <map>
#include <random>

#include "tests/support/catch.h"

namespace pith::report {
namespace {

using ir::DType;

template <class Word>
ir::Tensor tensor_of(DType dtype, const std::vector<Word>& words) {
  std::string bytes(words.size() * sizeof(Word), '\0');
  std::memcpy(bytes.data(), words.data(), bytes.size());
  const auto count = static_cast<std::int64_t>(bytes.size() * 8 / ir::bits_of(dtype));
  auto tensor = ir::Tensor::make(dtype, {count}, ir::Buffer::own(std::move(bytes)));
  REQUIRE(tensor);
  return *std::move(tensor);
}

template <class Word>
void check_counts(DType dtype, const std::vector<Word>& words) {
  std::map<Word, std::uint64_t> counts;
  for (const Word word : words) ++counts[word];
  double entropy = 0;
  for (const auto& [word, count] : counts) {
    const double share = static_cast<double>(count) / static_cast<double>(words.size());
    entropy -= share * std::log2(share);
  }
  const ir::Tensor tensor = tensor_of(dtype, words);
  std::optional<double> first;
  // As tensors come; sorted; in lots that fit together; in lots of which some are too large; on threads.
  for (const CountingLimits& limits :
       {CountingLimits{}, CountingLimits{.few = 1U << 30U}, CountingLimits{.few = 0},
        CountingLimits{.collected = 1000, .sorted = 100, .few = 0, .part = 64},
        CountingLimits{.collected = 1, .sorted = 1, .few = 0, .part = 1000}}) {
    for (const unsigned threads : {1U, 3U, 40U}) {
      CAPTURE(ir::name_of(dtype), limits.collected, limits.few, threads);
      const auto found = measure_values(tensor, Statistics::everything, threads, limits);
      REQUIRE(found);
      CHECK(found->distinct == counts.size());
      REQUIRE(found->entropy_bits);
      CHECK(std::abs(*found->entropy_bits - entropy) < 1e-9);
      if (first) CHECK(*found->entropy_bits == *first);  // not only close
      first = found->entropy_bits;
      const auto zeros = measure_values(tensor, Statistics::zeros, threads, limits);
      REQUIRE(zeros);
      CHECK(zeros->zeros == found->zeros);
      CHECK_FALSE(zeros->distinct);
      CHECK_FALSE(zeros->entropy_bits);
    }
  }
}

// Some values often, many once, and both ends of the range.
template <class Word>
std::vector<Word> mixed_words(std::size_t count) {
  std::mt19937_64 random(7);
  std::vector<Word> words{0, static_cast<Word>(~Word{0})};
  while (words.size() < count) {
    const std::uint64_t bits = random();
    switch (bits % 4) {
      case 0:
        words.push_back(0);
        break;
      case 1:
        words.push_back(static_cast<Word>(random() % 7));
        break;
      case 2:  // equal upper halves
        words.push_back(static_cast<Word>(static_cast<Word>(0x3F80) << (4 * sizeof(Word)) |
                                          static_cast<Word>(random() & 0xFFU)));
        break;
      default:
        words.push_back(static_cast<Word>(random()));
    }
  }
  return words;
}

TEST_CASE("statistics: counted in every way alike") {
  check_counts(DType::uint8, mixed_words<std::uint8_t>(5000));
  check_counts(DType::bfloat16, mixed_words<std::uint16_t>(5000));
  check_counts(DType::float32, mixed_words<std::uint32_t>(5000));
  check_counts(DType::int64, mixed_words<std::uint64_t>(5000));
  check_counts(DType::float32, std::vector<std::uint32_t>(3000, 5));
  check_counts(DType::uint64, std::vector<std::uint64_t>(3000, ~std::uint64_t{0}));
  check_counts(DType::int32, std::vector<std::uint32_t>{9});
}

TEST_CASE("statistics: a zero of either sign is a zero, where the type has two") {
  struct Case {
    DType dtype;
    std::uint64_t zeros;  // of 0 and the word with the highest bit only
  };
  const auto zeros = [](DType dtype, const auto& words) {
    return measure_values(tensor_of(dtype, words), Statistics::everything, 1)->zeros;
  };
  const std::vector<std::uint8_t> bytes{0, 0x80, 1};
  for (const Case& each : {Case{DType::float8e4m3fn, 2}, Case{DType::float8e5m2, 2},
                           Case{DType::float8e4m3fnuz, 1}, Case{DType::float8e5m2fnuz, 1},
                           Case{DType::float8e8m0, 0}, Case{DType::int8, 1}, Case{DType::uint8, 1}}) {
    CAPTURE(ir::name_of(each.dtype));
    CHECK(zeros(each.dtype, bytes) == each.zeros);
  }
  const std::vector<std::uint16_t> halves{0, 0x8000, 1};
  for (const Case& each : {Case{DType::float16, 2}, Case{DType::bfloat16, 2}, Case{DType::int16, 1}}) {
    CHECK(zeros(each.dtype, halves) == each.zeros);
  }
  const std::vector<std::uint32_t> words{0, 0x80000000, 1};
  CHECK(zeros(DType::float32, words) == 2);
  CHECK(zeros(DType::int32, words) == 1);
  const std::vector<std::uint64_t> longs{0, std::uint64_t{1} << 63, 0x80000000, 1};
  CHECK(zeros(DType::float64, longs) == 2);
  CHECK(zeros(DType::int64, longs) == 1);
  CHECK(zeros(DType::complex64, longs) == 3);
}

TEST_CASE("statistics: packed codes, without what fills the last byte") {
  // Codes 1, 0, 8, 0, 3 and four unused bits.
  auto tensor = ir::Tensor::make(DType::uint4, {5}, ir::Buffer::own(std::vector<std::uint8_t>{1, 8, 3}));
  REQUIRE(tensor);
  const auto found = measure_values(*tensor, Statistics::everything, 1);
  REQUIRE(found);
  CHECK(found->zeros == 2);
  CHECK(found->distinct == 4U);
  // -0 is 8.
  tensor = ir::Tensor::make(DType::float4e2m1, {5}, ir::Buffer::own(std::vector<std::uint8_t>{1, 8, 3}));
  CHECK(measure_values(*tensor, Statistics::everything, 1)->zeros == 3);
  // 3, 2, 1, 0, 0 of two bits.
  tensor = ir::Tensor::make(DType::int2, {5}, ir::Buffer::own(std::vector<std::uint8_t>{0x1B, 0}));
  const auto pairs = measure_values(*tensor, Statistics::everything, 1);
  CHECK(pairs->zeros == 2);
  CHECK(pairs->distinct == 4U);
}

TEST_CASE("statistics: what is not measured") {
  CHECK_FALSE(
      measure_values(ir::Tensor::of_strings({1}, std::vector<std::string>{"a"}), Statistics::everything, 1));
  CHECK_FALSE(measure_values(ir::Tensor::of<float>({0}, {}), Statistics::everything, 1));
  CHECK_FALSE(measure_values(tensor_of(DType::complex128, std::vector<std::uint64_t>{0, 0}),
                             Statistics::everything, 1));
}

}  // namespace
}  // namespace pith::report
