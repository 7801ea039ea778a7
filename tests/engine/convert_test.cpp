#include "engine/convert.h"

#include "engine/data_file.h"
#include "tests/engine/samples.h"
#include "tests/support/catch.h"

namespace pith::engine {
namespace {

TEST_CASE("convert: bytes to scaled floats, rounded once") {
  Normalization scale;
  scale.denominator = 255;
  const auto pixels = ir::Tensor::of<std::uint8_t>({4}, {0, 1, 100, 255});
  const auto floats = converted(pixels, ir::DType::float32, scale);
  REQUIRE(floats);
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK(floats->as<float>()[i] == static_cast<float>(pixels.as<std::uint8_t>()[i]) / 255.0F);
  }
}

TEST_CASE("convert: mean and deviation by channel") {
  const auto images = ir::Tensor::of<float>({2, 2, 1, 2}, {1, 2, 3, 4, 5, 6, 7, 8});
  Normalization normalization;
  normalization.mean = {1, 3};
  normalization.deviation = {1, 2};
  const auto result = converted(images, ir::DType::float32, normalization);
  REQUIRE(result);
  CHECK(std::ranges::equal(result->as<float>(), std::vector<float>{0, 1, 0, 0.5F, 4, 5, 2, 2.5F}));
  normalization.mean = {1, 2, 3};
  const auto wrong = converted(images, ir::DType::float32, normalization);
  REQUIRE_FALSE(wrong);
  CHECK_THAT(wrong.error().message(), Catch::Contains("3 mean values") && Catch::Contains("2 channels"));
}

TEST_CASE("convert: types that may feed each other") {
  CHECK(convertible(ir::DType::float64, ir::DType::float32));
  CHECK(convertible(ir::DType::float32, ir::DType::float16));
  CHECK(convertible(ir::DType::int64, ir::DType::int32));
  CHECK(convertible(ir::DType::boolean, ir::DType::float32));
  CHECK_FALSE(convertible(ir::DType::float32, ir::DType::int64));
  CHECK_FALSE(convertible(ir::DType::uint8, ir::DType::boolean));
  CHECK_FALSE(convertible(ir::DType::float32, ir::DType::undefined));
}

TEST_CASE("convert: integers are never cut") {
  const auto ids = ir::Tensor::of<std::int64_t>({2}, {7, 3000000000});
  const auto narrow = converted(ids, ir::DType::int32);
  REQUIRE_FALSE(narrow);
  CHECK(narrow.error().code() == ErrorCode::data);
  CHECK_THAT(narrow.error().message(), Catch::Contains("3000000000"));
  CHECK(converted(ids, ir::DType::uint32));
  CHECK_FALSE(converted(ir::Tensor::of<std::int8_t>({1}, {-1}), ir::DType::uint64));
}

TEST_CASE("convert: half precision both ways") {
  const auto half = converted(ir::Tensor::of<float>({3}, {1, -0.5F, 65504}), ir::DType::float16);
  REQUIRE(half);
  CHECK(half->buffer().text() == test::raw<std::uint16_t>({0x3c00, 0xb800, 0x7bff}));
  CHECK(to_doubles(*half).value() == std::vector<double>{1, -0.5, 65504});
}

TEST_CASE("convert: rows share the bytes") {
  const auto table = ir::Tensor::of<float>({3, 2}, {1, 2, 3, 4, 5, 6});
  const auto part = rows(table, 1, 2);
  CHECK(part.shape() == ir::Shape{2, 2});
  CHECK(part.bytes().data() == table.bytes().data() + 8);
  CHECK_THROWS_AS(rows(table, 2, 2), InternalError);
}

TEST_CASE("convert: a bounded expansion never overflows") {
  CHECK(most_inflated(100) == 104064);
  CHECK(most_inflated(~std::uint64_t{0}) == kMaxDataBytes);
}

}  // namespace
}  // namespace pith::engine
