#include "engine/idx.h"

#include <random>

#include "tests/engine/samples.h"
#include "tests/support/catch.h"

namespace pith::engine {
namespace {

using test::big;
using test::buffer;
using test::gzip;
using namespace std::string_literals;

std::string idx(int type, const std::vector<std::uint32_t>& dims, std::string_view data) {
  std::string file = "\0\0"s + static_cast<char>(type) + static_cast<char>(dims.size());
  for (const std::uint32_t dim : dims) file += big(dim, 4);
  return file + std::string(data);
}

std::string error_of(std::string_view file) {
  const auto array = read_idx(buffer(file));
  if (array) return "";
  CHECK(array.error().code() == ErrorCode::data);
  return array.error().message();
}

TEST_CASE("idx: every element type, plain and gzip") {
  struct Case {
    int code;
    ir::DType dtype;
    std::string big_endian;
    std::string expected;
  };
  const std::vector<Case> cases{
      {0x08, ir::DType::uint8, "\x01\xff", "\x01\xff"},
      {0x09, ir::DType::int8, "\x01\xff", "\x01\xff"},
      {0x0B, ir::DType::int16, big(258, 2) + big(3, 2), test::raw<std::int16_t>({258, 3})},
      {0x0C, ir::DType::int32, big(70000, 4) + big(3, 4), test::raw<std::int32_t>({70000, 3})},
      {0x0D, ir::DType::float32, big(0x3f800000, 4) + big(0xc0000000, 4), test::raw<float>({1, -2})},
      {0x0E, ir::DType::float64, big(0x3ff0000000000000, 8) + big(0xc000000000000000, 8),
       test::raw<double>({1, -2})},
  };
  for (const Case& each : cases) {
    const std::string file = idx(each.code, {2, 1}, each.big_endian);
    for (const std::string& bytes : {file, gzip(file)}) {
      const auto array = read_idx(buffer(bytes));
      REQUIRE(array);
      CHECK(array->dtype() == each.dtype);
      CHECK(array->shape() == ir::Shape{2, 1});
      CHECK(array->buffer().text() == each.expected);
    }
  }
}

TEST_CASE("idx: wrong marks and sizes are refused") {
  CHECK_THAT(error_of("nonsense"), Catch::Contains("IDX mark"));
  CHECK_THAT(error_of(idx(0x0A, {1}, "1")), Catch::Contains("IDX mark"));
  CHECK_THAT(error_of(idx(0x08, {3}, "12")), Catch::Contains("needs 3 bytes but 2"));
  CHECK_THAT(error_of(idx(0x08, {1}, "12")), Catch::Contains("needs 1 bytes but 2"));
  CHECK_FALSE(error_of(idx(0x0E, {0xffffffffU, 0xffffffffU, 0xffffffffU}, "12")).empty());
  CHECK_FALSE(error_of(gzip(idx(0x08, {3}, "12"))).empty());
  CHECK_THAT(error_of(gzip(idx(0x08, {1}, "12"))), Catch::Contains("more than its header says"));
  CHECK_THAT(error_of(gzip(idx(0x08, {0xffffffffU}, "12"))), Catch::Contains("does not fit"));
  CHECK_THAT(error_of(gzip(idx(0x08, {2}, "12")) + "tail"), Catch::Contains("follows"));
  CHECK_FALSE(error_of(gzip("nonsense")).empty());
  CHECK_FALSE(error_of("\x1f\x8b nonsense").empty());
}

TEST_CASE("idx: a wrong checksum of the gzip data is seen") {
  std::string file = gzip(idx(0x08, {2}, "12"));
  file[file.size() - 8] = static_cast<char>(file[file.size() - 8] ^ 1);
  CHECK_THAT(error_of(file), Catch::Contains("damaged"));
}

TEST_CASE("idx: every truncation is refused, plain and gzip") {
  const std::string plain = idx(0x0C, {2, 2}, std::string(16, 'x'));
  for (const std::string& file : {plain, gzip(plain)}) {
    for (std::size_t size = 0; size < file.size(); ++size) {
      CAPTURE(size);
      CHECK_FALSE(error_of(std::string_view(file).substr(0, size)).empty());
    }
  }
}

TEST_CASE("idx: changed bytes give an error or an array of bounded size") {
  std::mt19937 random(9);
  const std::string plain = idx(0x08, {4, 4}, std::string(16, 'x'));
  for (const std::string& file : {plain, gzip(plain)}) {
    for (int round = 0; round < 3000; ++round) {
      std::string mutant = file;
      for (int edit = 0; edit < 2; ++edit) mutant[random() % mutant.size()] = static_cast<char>(random());
      const auto array = read_idx(buffer(mutant));
      if (array) CHECK(array->bytes().size() <= 16);
    }
  }
}

}  // namespace
}  // namespace pith::engine
