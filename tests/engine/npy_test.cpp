#include "engine/npy.h"

#include <random>

#include "tests/engine/samples.h"
#include "tests/support/catch.h"

namespace pith::engine {
namespace {

using test::buffer;
using test::npy;
using test::npy_with;
using test::raw;

std::string error_of(std::string_view file) {
  const auto array = read_npy(buffer(file));
  if (array) return "";
  CHECK(array.error().code() == ErrorCode::data);
  return array.error().message();
}

TEST_CASE("npy: values, shape and type come back") {
  const std::vector<float> values{1, -2, 3.5F, 4, 5, 6};
  const auto array = read_npy(buffer(npy("<f4", "(2, 3)", raw(values))));
  REQUIRE(array);
  CHECK(array->shape() == ir::Shape{2, 3});
  CHECK(std::ranges::equal(array->as<float>(), values));
}

TEST_CASE("npy: scalars, one dimension, empty arrays, Python 2 integers") {
  const std::string one = raw<std::int64_t>({16000});
  CHECK(read_npy(buffer(npy("<i8", "()", one)))->shape().empty());
  CHECK(read_npy(buffer(npy("<i8", "(1,)", one)))->shape() == ir::Shape{1});
  CHECK(read_npy(buffer(npy("<i8", "(1L,)", one)))->shape() == ir::Shape{1});
  CHECK(read_npy(buffer(npy("<i8", "(0, 3)", "")))->element_count() == 0);
}

TEST_CASE("npy: versions 2 and 3 have a longer header length") {
  const std::string dict = "{'shape': (2,), 'fortran_order': False, 'descr': '|u1'}";
  for (const int version : {1, 2, 3}) {
    const auto array = read_npy(buffer(npy_with(dict, "\x05\x07", version)));
    REQUIRE(array);
    CHECK(array->as<std::uint8_t>()[1] == 7);
  }
  CHECK_THAT(error_of(npy_with(dict, "\x05\x07", 4)), Catch::Contains("version 4"));
}

TEST_CASE("npy: big-endian numbers are turned") {
  const auto array = read_npy(buffer(npy(">i4", "(2,)", test::big(258, 4) + test::big(7, 4))));
  REQUIRE(array);
  CHECK(array->as<std::int32_t>()[0] == 258);
  CHECK(array->as<std::int32_t>()[1] == 7);
}

TEST_CASE("npy: column-major arrays become row-major") {
  // a[i][j][k] = 100 i + 10 j + k, first index fastest.
  std::vector<std::int16_t> values;
  for (int k = 0; k < 4; ++k) {
    for (int j = 0; j < 3; ++j) {
      for (int i = 0; i < 2; ++i) values.push_back(static_cast<std::int16_t>(100 * i + 10 * j + k));
    }
  }
  const auto array = read_npy(buffer(npy("<i2", "(2, 3, 4)", raw(values), true)));
  REQUIRE(array);
  std::vector<std::int16_t> expected;
  for (int i = 0; i < 2; ++i) {
    for (int j = 0; j < 3; ++j) {
      for (int k = 0; k < 4; ++k) expected.push_back(static_cast<std::int16_t>(100 * i + 10 * j + k));
    }
  }
  CHECK(array->buffer().text() == raw(expected));
}

TEST_CASE("npy: what is not a numeric array is refused with the reason") {
  CHECK_THAT(error_of(npy("|O", "(1,)", "12345678")), Catch::Contains("Python objects"));
  CHECK_THAT(error_of(npy_with("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}", "1234")),
             Catch::Contains("structured"));
  CHECK_THAT(error_of(npy("<U4", "(1,)", "1234567890123456")), Catch::Contains("'<U4'"));
  CHECK_THAT(error_of(npy("<c8", "(1,)", "12345678")), Catch::Contains("'<c8'"));
  CHECK_THAT(error_of(npy("", "(1,)", "12345678")), Catch::Contains("element type"));
  CHECK_THAT(error_of(npy("|b1", "(2,)", "\x01\x02")), Catch::Contains("other than 0 and 1"));
  CHECK_THAT(error_of("plain text"), Catch::Contains("NumPy's mark"));
  CHECK_THAT(error_of(""), Catch::Contains("NumPy's mark"));
}

TEST_CASE("npy: damaged headers are refused") {
  for (const char* dict :
       {"", "{", "{}", "{'descr': '<f4'}", "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)",
        "{'descr': '<f4', 'fortran_order': 0, 'shape': (1,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': 1}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1 2)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'shape': (1,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} more",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'extra': 1}",
        "{'descr': <f4, 'fortran_order': False, 'shape': (1,)}"}) {
    CAPTURE(dict);
    CHECK_FALSE(error_of(npy_with(dict, "1234")).empty());
  }
}

TEST_CASE("npy: sizes that lie are refused before anything is allocated") {
  CHECK_THAT(error_of(npy("<f4", "(3,)", "12345678")), Catch::Contains("needs 12 bytes but 8"));
  CHECK_THAT(error_of(npy("<f4", "(1,)", "12345678")), Catch::Contains("needs 4 bytes but 8"));
  CHECK_FALSE(error_of(npy("<f4", "(-1,)", "1234")).empty());
  CHECK_FALSE(error_of(npy("<f4", "(4611686018427387904, 4)", "1234")).empty());
  CHECK_FALSE(error_of(npy("<f4", "(4294967296, 4294967296, 4294967296)", "1234")).empty());
  CHECK_FALSE(error_of(npy("<f8", "(1152921504606846976, 2)", "1234")).empty());
  CHECK_FALSE(error_of(npy("<f4", "(0, 9223372036854775807, 9)", "")).empty());
  CHECK_FALSE(error_of(npy("<f4", "(99999999999999999999,)", "1234")).empty());
  std::string dims = "(";
  for (int i = 0; i < 100; ++i) dims += "1, ";
  CHECK_FALSE(error_of(npy("<f4", dims + ")", "1234")).empty());
}

TEST_CASE("npy: every truncation is refused") {
  const std::string file = npy("<f4", "(2, 3)", raw<float>({1, 2, 3, 4, 5, 6}));
  for (std::size_t size = 0; size < file.size(); ++size) {
    CAPTURE(size);
    CHECK_FALSE(error_of(std::string_view(file).substr(0, size)).empty());
  }
}

TEST_CASE("npy: random bytes behind the mark never get through as something else than an error or an array") {
  std::mt19937 random(3);
  const std::string file = npy(">f8", "(2, 2)", raw<double>({1, 2, 3, 4}), true);
  for (int round = 0; round < 5000; ++round) {
    std::string mutant = file;
    for (int edit = 0; edit < 3; ++edit) mutant[random() % mutant.size()] = static_cast<char>(random());
    const auto array = read_npy(buffer(mutant));
    if (array) CHECK(array->bytes().size() <= mutant.size());
  }
}

}  // namespace
}  // namespace pith::engine
