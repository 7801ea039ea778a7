#include "search/measurements.h"

#include <limits>
#include <random>

#include "tests/support/catch.h"

namespace pith::search {
namespace {

Measurements some() {
  Measurements all;
  for (std::uint64_t i = 0; i < 5; ++i)
    all.keep({i % 2, i}, {.value = 0.5 / static_cast<double>(i + 1), .original = 0.9, .estimated = 1});
  return all;
}

Result<Measurements> parse(const std::string& bytes) {
  return Measurements::parse(std::as_bytes(std::span(bytes)));
}

TEST_CASE("measurements: a file gives back what was kept, and equal contents are equal bytes") {
  const Measurements all = some();
  const auto read = parse(all.bytes());
  REQUIRE(read);
  CHECK(read->size() == 5);
  for (std::uint64_t i = 0; i < 5; ++i) CHECK(read->find({i % 2, i}) == all.find({i % 2, i}));
  CHECK_FALSE(read->find({7, 7}));
  CHECK(read->bytes() == all.bytes());
  CHECK(parse(Measurements().bytes()));
}

TEST_CASE("measurements: every truncation and every changed byte is refused") {
  const std::string bytes = some().bytes();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    CAPTURE(size);
    const auto refused = parse(bytes.substr(0, size));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code() == ErrorCode::data);
    std::string changed = bytes;
    changed[size] = static_cast<char>(changed[size] ^ 1);
    CHECK_FALSE(parse(changed));
  }
  CHECK_FALSE(parse(bytes + "x"));
  std::mt19937 random(1);
  for (int i = 0; i < 1000; ++i) {
    std::string noise = "pithmsr1";
    while (noise.size() < 104) noise += static_cast<char>(random());
    CHECK_FALSE(parse(noise));
  }
}

TEST_CASE("measurements: a number of entries that nothing stands behind is refused") {
  std::string bytes = some().bytes();
  bytes.replace(8, 8, std::string(8, '\xff'));
  CHECK_FALSE(parse(bytes));
  // 40 n + 24 wraps to the size of the file.
  const std::uint64_t wraps = 5 + (std::uint64_t{1} << 61);
  bytes.replace(8, 8, std::string(reinterpret_cast<const char*>(&wraps), 8));
  CHECK_FALSE(parse(bytes));
}

TEST_CASE("measurements: what is not finite or too much is not kept") {
  Measurements all;
  CHECK_FALSE(all.keep({1, 1}, {.value = std::numeric_limits<double>::quiet_NaN()}));
  CHECK_FALSE(all.keep({1, 1}, {.estimated = std::numeric_limits<double>::infinity()}));
  CHECK(all.size() == 0);
  for (std::uint64_t i = 0; i < Measurements::kMost; ++i) REQUIRE(all.keep({0, i}, {}));
  CHECK_FALSE(all.keep({1, 1}, {}));
  CHECK(all.keep({0, 3}, {.value = 2}));
  CHECK(all.bytes().size() == Measurements::kMostBytes);
  CHECK(parse(all.bytes()));
}

}  // namespace
}  // namespace pith::search
