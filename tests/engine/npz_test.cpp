#include "engine/npz.h"

#include <random>

#include "tests/engine/samples.h"
#include "tests/support/catch.h"

namespace pith::engine {
namespace {

using test::buffer;
using test::npy;
using test::raw;
using test::zip;

std::string error_of(std::string_view file, std::uint64_t limit = kMaxDataBytes) {
  const auto arrays = read_npz(buffer(file), limit);
  if (arrays) return "";
  CHECK(arrays.error().code() == ErrorCode::data);
  return arrays.error().message();
}

const std::string kX = npy("<f4", "(2, 2)", raw<float>({1, 2, 3, 4}));
const std::string kLabels = npy("<i8", "(2,)", raw<std::int64_t>({0, 1}));

TEST_CASE("npz: stored and deflated arrays come back in order, other members are passed over") {
  const auto arrays =
      read_npz(buffer(zip({{"x.npy", kX, 8}, {"notes.txt", "hello", 8}, {"labels.npy", kLabels, 0}})));
  REQUIRE(arrays);
  REQUIRE(arrays->size() == 2);
  CHECK((*arrays)[0].name == "x");
  CHECK((*arrays)[0].tensor.as<float>()[3] == 4);
  CHECK((*arrays)[1].name == "labels");
  CHECK((*arrays)[1].tensor.as<std::int64_t>()[1] == 1);
}

TEST_CASE("npz: archives that lie are refused") {
  CHECK_THAT(error_of(zip({{"x.npy", kX}, {"x.npy", kX}})), Catch::Contains("'x' is there twice"));
  CHECK_THAT(error_of(zip({{"x.txt", kX}})), Catch::Contains("no arrays"));
  CHECK_THAT(error_of(zip({})), Catch::Contains("no arrays"));
  const auto wrong_checksum = test::ZipMember{"x.npy", kX, 8, std::nullopt, 1};
  CHECK_THAT(error_of(zip({wrong_checksum})), Catch::Contains("array 'x'"));
  const auto too_short = test::ZipMember{"x.npy", kX, 8, static_cast<std::uint32_t>(kX.size() + 1)};
  CHECK_FALSE(error_of(zip({too_short})).empty());
  const auto too_long = test::ZipMember{"x.npy", kX, 8, static_cast<std::uint32_t>(kX.size() - 1)};
  CHECK_FALSE(error_of(zip({too_long})).empty());
  CHECK_THAT(error_of(zip({{"x.npy", kX, 12}})), Catch::Contains("compression method 12"));
}

TEST_CASE("npz: a size that no deflate data can have is refused before allocating it") {
  const auto bomb = test::ZipMember{"x.npy", kX, 8, 0xfffffff0U};
  CHECK_THAT(error_of(zip({bomb})), Catch::Contains("cannot come out of"));
  const auto stored = test::ZipMember{"x.npy", kX, 0, 0xfffffff0U};
  CHECK_FALSE(error_of(zip({stored})).empty());
}

TEST_CASE("npz: the limit counts all arrays together") {
  const std::string zeros = npy("|u1", "(1000000,)", std::string(1000000, '\0'));
  const std::string file = zip({{"a.npy", zeros}, {"b.npy", zeros}, {"c.npy", zeros}});
  CHECK(error_of(file, 4000000).empty());
  CHECK_THAT(error_of(file, 2500000), Catch::Contains("array 'c'") && Catch::Contains("over the limit"));
}

TEST_CASE("npz: every truncation is refused") {
  const std::string file = zip({{"x.npy", kX, 8}, {"labels.npy", kLabels, 0}});
  for (std::size_t size = 0; size < file.size(); ++size) {
    CAPTURE(size);
    CHECK_FALSE(error_of(std::string_view(file).substr(0, size)).empty());
  }
}

TEST_CASE("npz: a changed byte gives an error or arrays of bounded size") {
  const std::string file = zip({{"x.npy", kX, 8}, {"labels.npy", kLabels, 0}});
  std::mt19937 random(5);
  for (int round = 0; round < 3000; ++round) {
    std::string mutant = file;
    for (int edit = 0; edit < 2; ++edit) mutant[random() % mutant.size()] = static_cast<char>(random());
    const auto arrays = read_npz(buffer(mutant));
    if (!arrays) continue;
    for (const auto& array : *arrays) CHECK(array.tensor.bytes().size() <= most_inflated(file.size()));
  }
}

}  // namespace
}  // namespace pith::engine
