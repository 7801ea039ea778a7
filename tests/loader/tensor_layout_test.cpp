#include "loader/tensor_layout.h"

#include <limits>

#include "tests/support/catch.h"

namespace pith::loader {
namespace {

constexpr std::uint8_t kInt4 = 22;
constexpr std::uint8_t kFloat16 = 10;
constexpr std::uint8_t kString = 8;
constexpr std::uint64_t kLargest = std::numeric_limits<std::int64_t>::max();

TensorHeader affine(Dims dims) {
  return {.dtype = kFloat32, .dims = std::move(dims), .form = Form::affine, .signed_codes = true, .bits = 4};
}

TensorHeader codebook(Dims dims) {
  return {.dtype = kFloat32, .dims = std::move(dims), .form = Form::codebook, .bits = 4, .entries = 16};
}

TensorHeader sparse(std::uint64_t nonzeros, std::uint64_t gap_bytes) {
  return {.dtype = kFloat16,
          .dims = {10, 10},
          .form = Form::sparse,
          .nonzeros = nonzeros,
          .gap_bytes = gap_bytes};
}

bool refused(const TensorHeader& header) {
  return !layout_of(header).has_value();
}

TEST_CASE("dense sizes follow from type and shape, packed types rounded up") {
  const auto layout = layout_of({.dtype = kInt4, .dims = {3, 5}});
  REQUIRE(layout);
  CHECK(layout->elements == 15);
  CHECK(layout->dense_size == 8);
  CHECK(layout->stream_count == 1);
  CHECK(layout->streams[0].size == 8);
  CHECK(layout->streams[0].element_size == 1);
  CHECK(layout_of({.dtype = 15, .dims = {3}})->streams[0].element_size == 8);  // complex128
  CHECK(layout_of({.dtype = kFloat32, .dims = {}})->dense_size == 4);
  CHECK(layout_of({.dtype = kFloat32, .dims = {0, 7}})->dense_size == 0);
}

TEST_CASE("types that cannot be stored are refused") {
  for (const int dtype : {0, static_cast<int>(kString), 27, 255}) {
    CHECK(refused({.dtype = static_cast<std::uint8_t>(dtype), .dims = {1}}));
  }
}

TEST_CASE("shapes whose size overflows are refused, whatever the type") {
  const std::uint64_t huge[] = {std::uint64_t{1} << 32, std::uint64_t{1} << 62, kLargest, kLargest + 1,
                                std::numeric_limits<std::uint64_t>::max()};
  for (const std::uint8_t dtype : {kInt4, kFloat32, std::uint8_t{11}}) {
    for (const std::uint64_t a : huge) {
      CHECK(refused({.dtype = dtype, .dims = {a, a}}));
      CHECK(refused({.dtype = dtype, .dims = {2, a, a}}));
      CHECK(refused({.dtype = dtype, .dims = {a, a, a, a, a}}));
    }
    CHECK(refused({.dtype = dtype, .dims = {kLargest}}));
    CHECK(refused({.dtype = dtype, .dims = {0, kLargest + 1}}));
  }
  CHECK_FALSE(refused({.dtype = kFloat32, .dims = {std::uint64_t{1} << 57}}));
  CHECK(refused({.dtype = kFloat32, .dims = {std::uint64_t{1} << 58}}));
}

TEST_CASE("at most eight dimensions") {
  CHECK_FALSE(refused({.dtype = kFloat32, .dims = Dims(8, 1)}));
  CHECK(refused({.dtype = kFloat32, .dims = Dims(9, 1)}));
}

TEST_CASE("affine scales: one, one a channel, or one a block") {
  TensorHeader header = affine({6, 10, 3});
  CHECK(layout_of(header)->groups == 1);
  header.axis = 1;
  CHECK(layout_of(header)->groups == 10);
  header.block = 4;
  CHECK(layout_of(header)->groups == 6 * 3 * 3);
  header.block = 1000;
  CHECK(layout_of(header)->groups == 6 * 1 * 3);
  header.has_zero_points = true;
  const auto layout = layout_of(header);
  CHECK(layout->stream_count == 3);
  CHECK(layout->streams[0].size == 180);
  CHECK(layout->streams[0].packed_bits == 4);
  CHECK(layout->streams[0].packed_signed);
  CHECK(layout->streams[1].size == 72);
  CHECK(layout->streams[2].size == 18);
}

// docs/format.md, 2.4: products are made from left to right. The blocks were multiplied first once.
TEST_CASE("blocks of a tensor without elements are counted from left to right") {
  constexpr std::uint64_t kLong = std::uint64_t{1} << 40;
  TensorHeader header = affine({kLong, 0, kLong});
  header.axis = 2;
  header.block = 1;
  REQUIRE_FALSE(refused(header));
  CHECK(layout_of(header)->groups == 0);
  header.dims = {kLong, kLong, 0};
  CHECK(refused(header));
}

TEST_CASE("affine parameters out of range are refused") {
  TensorHeader header = affine({4, 4});
  header.bits = 0;
  CHECK(refused(header));
  header.bits = 9;
  CHECK(refused(header));
  header = affine({4, 4});
  header.axis = 2;
  CHECK(refused(header));
  header = affine({4, 4});
  header.block = 2;  // blocks need an axis
  CHECK(refused(header));
  header = affine({4, 4});
  header.dtype = kFloat16;
  CHECK(refused(header));
  header = affine({4, 4});
  header.entries = 1;
  CHECK(refused(header));
}

TEST_CASE("codebooks: one, or one a position of the axis") {
  TensorHeader header = codebook({6, 10});
  CHECK(layout_of(header)->groups == 1);
  CHECK(layout_of(header)->streams[1].size == 64);
  header.axis = 0;
  CHECK(layout_of(header)->groups == 6);
  CHECK(layout_of(header)->streams[1].size == 384);
  CHECK(layout_of(header)->expanded_size == 444);  // larger than the 240 bytes of its values
}

TEST_CASE("codebook parameters out of range are refused") {
  TensorHeader header = codebook({6, 10});
  header.entries = 0;
  CHECK(refused(header));
  header.entries = 17;
  CHECK(refused(header));
  header = codebook({6, 10});
  header.axis = 2;
  CHECK(refused(header));
  header = codebook({6, 10});
  header.signed_codes = true;
  CHECK(refused(header));
  header = codebook({6, 10});
  header.block = 1;
  CHECK(refused(header));
}

TEST_CASE("sparse counts out of range are refused") {
  CHECK_FALSE(refused(sparse(0, 0)));
  CHECK_FALSE(refused(sparse(100, 100)));
  CHECK_FALSE(refused(sparse(2, 18)));
  CHECK(refused(sparse(101, 101)));  // more than elements
  CHECK(refused(sparse(2, 1)));      // less than a byte each
  CHECK(refused(sparse(2, 19)));     // more than nine bytes each
  TensorHeader packed = sparse(1, 1);
  packed.dtype = kInt4;
  CHECK(refused(packed));
  TensorHeader other = sparse(1, 1);
  other.entries = 1;
  CHECK(refused(other));
}

TEST_CASE("a dense tensor has no parameters") {
  CHECK(refused({.dtype = kFloat32, .dims = {4}, .nonzeros = 1}));
  CHECK(refused({.dtype = kFloat32, .dims = {4}, .bits = 4}));
}

TEST_CASE("nothing may expand more than 4096 times") {
  CHECK(least_stored_size(0) == 0);
  CHECK(least_stored_size(1) == 1);
  CHECK(least_stored_size(4096) == 1);
  CHECK(least_stored_size(4097) == 2);
}

TEST_CASE("checked arithmetic stops at 2^63 - 1") {
  CHECK(checked_multiply(kLargest, 1) == kLargest);
  CHECK_FALSE(checked_multiply(kLargest, 2));
  CHECK_FALSE(checked_multiply(std::uint64_t{1} << 32, std::uint64_t{1} << 31));
  CHECK(checked_multiply(kLargest, 0) == 0U);
  CHECK(checked_add(kLargest, 0) == kLargest);
  CHECK_FALSE(checked_add(kLargest, 1));
  CHECK_FALSE(checked_add(kLargest + 1, 0));
}

}  // namespace
}  // namespace pith::loader
