#include "ir/tensor.h"

#include <cmath>
#include <limits>

#include "tests/support/catch.h"

namespace pith::ir {
namespace {

constexpr std::int64_t kHuge = std::numeric_limits<std::int64_t>::max();

std::string refusal(DType dtype, Shape shape, std::string bytes) {
  const auto tensor = Tensor::make(dtype, std::move(shape), Buffer::own(std::move(bytes)));
  REQUIRE_FALSE(tensor);
  CHECK(tensor.error().code() == ErrorCode::model);
  return tensor.error().message();
}

TEST_CASE("elements are counted without overflow") {
  CHECK(element_count(Shape{}).value() == 1);
  CHECK(element_count(Shape{2, 3, 4}).value() == 24);
  CHECK(element_count(Shape{kHuge}).value() == static_cast<std::uint64_t>(kHuge));
  CHECK(element_count(Shape{7, 0, 3}).value() == 0);
  CHECK(element_count(Shape{2, -1}).error().message() == "dimension -1 is negative");
  CHECK_FALSE(element_count(Shape{kHuge, 2}));
  CHECK_FALSE(element_count(Shape{0, -1}));
}

TEST_CASE("a tensor is made of exactly the bytes that its shape needs") {
  CHECK(refusal(DType::float32, {2, 2}, std::string(15, '\0')) ==
        "shape [2,2] of float32 needs 16 bytes but 15 are present");
  CHECK(refusal(DType::int64, {1}, std::string(9, '\0')) ==
        "shape [1] of int64 needs 8 bytes but 9 are present");
  CHECK(refusal(DType::uint8, {-3}, "") == "dimension -3 is negative");
  CHECK(refusal(DType::float64, {kHuge}, "") == "shape [9223372036854775807] of float64 has no valid size");
  CHECK(refusal(DType::undefined, {}, "") == "shape [] of undefined has no valid size");
}

TEST_CASE("types below eight bits are packed") {
  CHECK(Tensor::make(DType::int4, {3}, Buffer::own(std::string(2, '\0'))));
  CHECK(Tensor::make(DType::uint2, {5}, Buffer::own(std::string(2, '\0'))));
  CHECK(refusal(DType::int4, {3}, "abc") == "shape [3] of int4 needs 2 bytes but 3 are present");
}

TEST_CASE("a tensor of values shows them") {
  const Tensor tensor = Tensor::of<float>({2, 1}, {1.5F, -2.0F});
  CHECK(tensor.dtype() == DType::float32);
  CHECK(tensor.shape() == Shape{2, 1});
  CHECK(tensor.element_count() == 2);
  CHECK(tensor.as<float>()[1] == -2.0F);
  CHECK_THROWS_AS(tensor.as<std::int32_t>(), InternalError);
  CHECK_THROWS_AS(Tensor::of<float>({3}, {1.0F}), InternalError);
}

TEST_CASE("bytes that are not aligned for their type are copied") {
  const Buffer bytes = Buffer::own(std::string("\0\x01\0\0\0\x02\0\0\0", 9)).slice(1, 8);
  const auto tensor = Tensor::make(DType::int32, {2}, bytes);
  REQUIRE(tensor);
  CHECK(reinterpret_cast<std::uintptr_t>(tensor->bytes().data()) % alignof(std::int32_t) == 0);
  CHECK(tensor->as<std::int32_t>()[0] == 1);
  CHECK(tensor->as<std::int32_t>()[1] == 2);
}

TEST_CASE("strings come back, the empty one and a zero byte too") {
  const std::vector<std::string> words{"conv", "", std::string("a\0b", 3)};
  const Tensor tensor = Tensor::of_strings({3}, words);
  CHECK(tensor.strings() == words);
  const auto same = Tensor::make(DType::string, {3}, tensor.buffer());
  REQUIRE(same);
  CHECK(same->strings() == words);
  CHECK_THROWS_AS(Tensor::of<float>({}, {1.0F}).strings(), InternalError);
}

TEST_CASE("string lengths that do not tile the bytes are refused") {
  const std::string text(Tensor::of_strings({1}, std::vector<std::string>{"conv"}).buffer().text());
  const std::string message = "the strings do not match shape [1]";
  CHECK(refusal(DType::string, {1}, text + "x") == message);
  CHECK(refusal(DType::string, {1}, text.substr(0, text.size() - 1)) == message);
  CHECK(refusal(DType::string, {1}, text.substr(0, 7)) == message);
  CHECK(refusal(DType::string, {1}, std::string(8, '\xff')) == message);
  CHECK(refusal(DType::string, {kHuge}, text) == "the strings do not match shape [9223372036854775807]");
}

TEST_CASE("reshaping shares the bytes and keeps their number") {
  const Tensor tensor = Tensor::of<float>({4}, {1, 2, 3, 4});
  const Tensor square = tensor.reshaped({2, 2});
  CHECK(square.shape() == Shape{2, 2});
  CHECK(square.bytes().data() == tensor.bytes().data());
  CHECK_THROWS_AS(tensor.reshaped({3}), InternalError);
}

TEST_CASE("equality is of bits") {
  const Tensor zero = Tensor::of<float>({1}, {0.0F});
  const Tensor nan = Tensor::of<float>({1}, {std::nanf("")});
  CHECK(nan.same_bits(nan));
  CHECK(zero.same_bits(Tensor::of<float>({1}, {0.0F})));
  CHECK_FALSE(zero.same_bits(Tensor::of<float>({1}, {-0.0F})));
  CHECK_FALSE(zero.same_bits(zero.reshaped({1, 1})));
  CHECK_FALSE(zero.same_bits(Tensor::of<std::int32_t>({1}, {0})));
}

}  // namespace
}  // namespace pith::ir
