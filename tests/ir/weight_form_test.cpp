#include "ir/weight_form.h"

#include <algorithm>
#include <limits>

#include "tests/support/catch.h"

namespace pith::ir {
namespace {

using Floats = std::vector<float>;
constexpr float kInfinity = std::numeric_limits<float>::infinity();

Constant constant(Shape shape, WeightForm form, DType dtype = DType::float32) {
  Constant made;
  made.dtype = dtype;
  made.shape = std::move(shape);
  made.form = std::move(form);
  return made;
}

std::string refusal(const Constant& refused) {
  const auto checked = check(refused);
  return checked ? "" : checked.error().message();
}

Floats decoded(const Constant& made) {
  REQUIRE(refusal(made).empty());
  const Tensor dense = to_dense(made);
  CHECK(dense.shape() == made.shape);
  const auto values = dense.as<float>();
  // Every range decodes to the same.
  for (std::uint64_t first = 0; first < values.size(); ++first) {
    for (std::uint64_t count = 0; count <= values.size() - first; ++count) {
      const Tensor range = to_dense(made, first, count);
      CHECK(std::ranges::equal(range.as<float>(), values.subspan(first, count)));
    }
  }
  return {values.begin(), values.end()};
}

Sparse sparse() {
  return {Tensor::of<std::int64_t>({2}, {1, 5}), Tensor::of<float>({2}, {0.5F, -3.0F})};
}

// Two channels of three codes.
Affine affine() {
  Affine form;
  form.codes = Tensor::of<std::int8_t>({2, 3}, {-4, 0, 3, 1, 2, -1});
  form.scales = Tensor::of<float>({2}, {0.5F, 2.0F});
  form.zero_points = {0, 1};
  form.axis = 0;
  form.bits = 3;
  return form;
}

Codebook codebook() {
  Codebook form;
  form.centroids = Tensor::of<float>({1, 3}, {0.0F, 1.5F, -2.0F});
  form.indices = Tensor::of<std::uint8_t>({2, 2}, {0, 2, 1, 2});
  form.bits = 2;
  return form;
}

TEST_CASE("dense values are what they are") {
  const Constant dense = Constant::dense(Tensor::of<float>({2}, {1, 2}));
  CHECK(decoded(dense) == Floats{1, 2});
  CHECK(stored_bytes(dense) == 8);
  CHECK(form_name(dense.form) == "dense");
}

TEST_CASE("dense values of another type or shape than the constant are refused") {
  const Dense form{Tensor::of<float>({2}, {1, 2})};
  const std::string message = "the dense values have another type or shape than the constant";
  CHECK(refusal(constant({1, 2}, form)) == message);
  CHECK(refusal(constant({2}, form, DType::int32)) == message);
}

TEST_CASE("sparse values stand between zeros") {
  const Constant made = constant({2, 3}, sparse());
  CHECK(decoded(made) == Floats{0, 0.5F, 0, 0, 0, -3});
  CHECK(stored_bytes(made) == 2 * 8 + 2 * 4);
  CHECK(form_name(made.form) == "sparse");
}

TEST_CASE("sparse values may be of any type of whole bytes") {
  const Sparse form{Tensor::of<std::int64_t>({1}, {2}), Tensor::of<std::int8_t>({1}, {-7})};
  const Constant made = constant({3}, form, DType::int8);
  REQUIRE(check(made));
  const Tensor dense = to_dense(made);
  CHECK(dense.as<std::int8_t>()[0] == 0);
  CHECK(dense.as<std::int8_t>()[2] == -7);
}

TEST_CASE("inconsistent sparse constants are refused") {
  const std::string mismatch = "sparse positions and values do not match each other";
  Sparse form = sparse();
  SECTION("positions of another type") {
    form.indices = Tensor::of<std::int32_t>({2}, {1, 5});
    CHECK(refusal(constant({2, 3}, form)) == mismatch);
  }
  SECTION("positions that are no vector") {
    form.indices = form.indices.reshaped({2, 1});
    CHECK(refusal(constant({2, 3}, form)) == mismatch);
  }
  SECTION("values of another type") {
    CHECK(refusal(constant({2, 3}, form, DType::int32)) == mismatch);
  }
  SECTION("another number of values") {
    form.values = Tensor::of<float>({1}, {1});
    CHECK(refusal(constant({2, 3}, form)) == mismatch);
  }
  SECTION("a position past the end") {
    CHECK(refusal(constant({5}, form)) == "sparse position 5 is out of order or outside of the tensor");
  }
  SECTION("a negative position") {
    form.indices = Tensor::of<std::int64_t>({2}, {-1, 5});
    CHECK(refusal(constant({2, 3}, form)) == "sparse position -1 is out of order or outside of the tensor");
  }
  SECTION("a repeated position") {
    form.indices = Tensor::of<std::int64_t>({2}, {1, 1});
    CHECK(refusal(constant({2, 3}, form)) == "sparse position 1 is out of order or outside of the tensor");
  }
  SECTION("a negative dimension") {
    CHECK(refusal(constant({-1}, form)) == "dimension -1 is negative");
  }
  SECTION("strings") {
    form.values = Tensor::of_strings({2}, std::vector<std::string>{"a", "b"});
    CHECK(refusal(constant({2, 3}, form, DType::string)) == "sparse values of type string are not supported");
  }
  SECTION("types below a byte") {
    form.values = Tensor::make(DType::int4, {2}, Buffer::own(std::string("\x21"))).value();
    CHECK(refusal(constant({2, 3}, form, DType::int4)) == "sparse values of type int4 are not supported");
  }
}

TEST_CASE("affine codes have one scale a channel") {
  const Constant made = constant({2, 3}, affine());
  CHECK(decoded(made) == Floats{-2, 0, 1.5F, 0, 2, -4});
  CHECK(stored_bytes(made) == (6 * 3 + 7) / 8 + 2 * 4 + 2);
  CHECK(form_name(made.form) == "affine");
}

TEST_CASE("affine codes may have one scale for the whole tensor") {
  Affine form;
  form.codes = Tensor::of<std::uint8_t>({3}, {0, 128, 255});
  form.scales = Tensor::of<float>({}, {0.25F});
  form.zero_points = {128};
  CHECK(decoded(constant({3}, form)) == Floats{-32, 0, 31.75F});
  form.zero_points.clear();
  CHECK(decoded(constant({3}, form)) == Floats{0, 32, 63.75F});
}

TEST_CASE("affine scales along an inner axis") {
  Affine form = affine();
  form.scales = Tensor::of<float>({3}, {1, 10, 100});
  form.zero_points.clear();
  form.axis = 1;
  CHECK(decoded(constant({2, 3}, form)) == Floats{-4, 0, 300, 1, 20, -100});
}

TEST_CASE("affine blocks along an axis in the middle, the last one ragged") {
  Affine form;
  form.codes = Tensor::of<std::int8_t>({2, 3, 2}, {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1});
  // [outer][block][inner]
  form.scales = Tensor::of<float>({2, 2, 2}, {1, 2, 3, 4, 5, 6, 7, 8});
  form.zero_points = {0, 0, 0, 0, 0, 0, 0, -1};
  form.axis = 1;
  form.block = 2;
  CHECK(decoded(constant({2, 3, 2}, form)) == Floats{1, 2, 1, 2, 3, 4, 5, 6, 5, 6, 7, 16});
}

TEST_CASE("affine blocks along the last axis") {
  Affine form;
  form.codes = Tensor::of<std::int8_t>({2, 5}, {1, 1, 1, 1, 1, 2, 2, 2, 2, 2});
  form.scales = Tensor::of<float>({2, 3}, {1, 2, 3, 4, 5, 6});
  form.axis = 1;
  form.block = 2;
  CHECK(decoded(constant({2, 5}, form)) == Floats{1, 1, 2, 2, 3, 8, 8, 10, 10, 12});
}

TEST_CASE("inconsistent affine constants are refused") {
  Affine form = affine();
  Shape shape{2, 3};
  DType dtype = DType::float32;
  std::string message;
  SECTION("not float32") {
    dtype = DType::float16;
    message = "an affine constant that is not float32";
  }
  SECTION("codes of another type") {
    form.codes = Tensor::of<std::int32_t>({2, 3}, {0, 0, 0, 0, 0, 0});
    message = "affine codes are neither int8 nor uint8";
  }
  SECTION("codes of another shape") {
    form.codes = form.codes.reshaped({3, 2});
    message = "affine codes have another shape than the constant";
  }
  SECTION("no bits") {
    form.bits = 0;
    message = "affine codes of 0 bits";
  }
  SECTION("too many bits") {
    form.bits = 9;
    message = "affine codes of 9 bits";
  }
  SECTION("a code below the range") {
    form.codes = Tensor::of<std::int8_t>({2, 3}, {-5, 0, 0, 0, 0, 0});
    message = "an affine code does not fit 3 bits";
  }
  SECTION("an unsigned code above the range") {
    form.codes = Tensor::of<std::uint8_t>({2, 3}, {8, 0, 0, 0, 0, 0});
    message = "an affine code does not fit 3 bits";
  }
  SECTION("a zero point out of range") {
    form.zero_points = {0, 4};
    message = "an affine zero point is out of range";
  }
  SECTION("a negative block") {
    form.block = -1;
    message = "an affine block size is negative";
  }
  SECTION("scales of another type") {
    form.scales = Tensor::of<double>({2}, {1, 1});
    message = "affine scales are not float32";
  }
  SECTION("too many scales") {
    form.scales = Tensor::of<float>({3}, {1, 1, 1});
    message = "affine scales [3] do not match shape [2,3]";
  }
  SECTION("blocks with scales for channels") {
    form.block = 2;
    message = "affine scales [2] do not match shape [2,3]";
  }
  SECTION("blocks with a scale for the whole tensor") {
    form.block = 2;
    form.scales = Tensor::of<float>({}, {1});
    message = "affine scales [] do not match shape [2,3]";
  }
  SECTION("an axis past the end") {
    form.axis = 2;
    message = "affine scales [2] do not match shape [2,3]";
  }
  SECTION("one scale, and yet an axis") {
    form.scales = Tensor::of<float>({}, {0.5F});
    form.zero_points.clear();
    form.axis = 1;
    message = "one scale for the whole tensor has no axis";
  }
  SECTION("a negative axis") {
    form.axis = -1;
    message = "affine scales [2] do not match shape [2,3]";
  }
  SECTION("too few zero points") {
    form.zero_points = {0};
    message = "affine zero points and scales differ in number";
  }
  SECTION("a scale of zero") {
    form.scales = Tensor::of<float>({2}, {1, 0});
    message = "an affine scale is not finite and positive";
  }
  SECTION("an infinite scale") {
    form.scales = Tensor::of<float>({2}, {1, kInfinity});
    message = "an affine scale is not finite and positive";
  }
  CHECK(refusal(constant(shape, form, dtype)) == message);
}

TEST_CASE("a codebook shares values") {
  const Constant made = constant({2, 2}, codebook());
  CHECK(decoded(made) == Floats{0, -2, 1.5F, -2});
  CHECK(stored_bytes(made) == 1 + 3 * 4);
  CHECK(form_name(made.form) == "codebook");
}

TEST_CASE("a codebook may differ along an axis") {
  Codebook form = codebook();
  form.centroids = Tensor::of<float>({2, 3}, {0, 1, 2, 10, 11, 12});
  form.axis = 0;
  CHECK(decoded(constant({2, 2}, form)) == Floats{0, 2, 11, 12});
  form.axis = 1;
  CHECK(decoded(constant({2, 2}, form)) == Floats{0, 12, 1, 12});
}

TEST_CASE("inconsistent codebooks are refused") {
  Codebook form = codebook();
  DType dtype = DType::float32;
  std::string message;
  SECTION("not float32") {
    dtype = DType::int8;
    message = "a codebook constant that is not float32";
  }
  SECTION("indices of another type") {
    form.indices = Tensor::of<std::int8_t>({2, 2}, {0, 0, 0, 0});
    message = "codebook indices have another type or shape than the constant";
  }
  SECTION("indices of another shape") {
    form.indices = form.indices.reshaped({4});
    message = "codebook indices have another type or shape than the constant";
  }
  SECTION("centroids of another rank") {
    form.centroids = form.centroids.reshaped({3});
    message = "codebook centroids of shape [3]";
  }
  SECTION("no centroids") {
    form.centroids = Tensor::of<float>({1, 0}, {});
    message = "codebook centroids of shape [1,0]";
  }
  SECTION("too many centroids") {
    form.centroids = Tensor::of<float>({1, 257}, Floats(257));
    message = "codebook centroids of shape [1,257]";
  }
  SECTION("more centroids than bits can name") {
    form.bits = 1;
    message = "a codebook of 3 values does not fit 1 bits";
  }
  SECTION("no bits") {
    form.bits = 0;
    message = "a codebook of 3 values does not fit 0 bits";
  }
  SECTION("an axis past the end") {
    form.axis = 2;
    message = "a codebook axis is out of range";
  }
  SECTION("fewer codebooks than groups") {
    form.axis = 0;
    message = "the number of codebooks does not match the constant's shape";
  }
  SECTION("an index past the end") {
    form.indices = Tensor::of<std::uint8_t>({2, 2}, {0, 3, 0, 0});
    message = "a codebook index is past the end of its codebook";
  }
  CHECK(refusal(constant({2, 2}, form, dtype)) == message);
}

TEST_CASE("constants are equal when type, shape, form and bytes are") {
  CHECK(same_bits(constant({2, 3}, sparse()), constant({2, 3}, sparse())));
  CHECK_FALSE(same_bits(constant({2, 3}, sparse()), constant({3, 2}, sparse())));
  CHECK(same_bits(constant({2, 3}, affine()), constant({2, 3}, affine())));
  CHECK(same_bits(constant({2, 2}, codebook()), constant({2, 2}, codebook())));
  CHECK_FALSE(same_bits(constant({2, 3}, sparse()), constant({2, 3}, affine())));

  Affine other = affine();
  other.zero_points = {0, 0};
  CHECK_FALSE(same_bits(constant({2, 3}, affine()), constant({2, 3}, other)));
  Codebook wider = codebook();
  wider.bits = 3;
  CHECK_FALSE(same_bits(constant({2, 2}, codebook()), constant({2, 2}, wider)));

  Constant encoded = constant({2, 3}, affine());
  encoded.encoding = Encoding{.streams = {{.coder = 2, .bytes = Buffer::own(std::string("x"))}}};
  CHECK(same_bits(encoded, constant({2, 3}, affine())));
}

}  // namespace
}  // namespace pith::ir
