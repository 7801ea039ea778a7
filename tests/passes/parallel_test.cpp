#include "passes/parallel.h"

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <thread>
#include <vector>

#include "tests/support/catch.h"

namespace pith::passes {
namespace {

TEST_CASE("parallel: every index once, at any number of threads") {
  for (const unsigned threads : {0U, 1U, 2U, 5U}) {
    std::vector<std::atomic<int>> seen(100);
    REQUIRE(for_each_index(100, threads, [&](std::uint64_t i) -> Result<void> {
      ++seen[i];
      return {};
    }));
    CHECK(std::ranges::all_of(seen, [](const auto& count) { return count == 1; }));
  }
  CHECK(for_each_index(0, 3, [](std::uint64_t) -> Result<void> { return fail(ErrorCode::data, "called"); }));
}

TEST_CASE("parallel: the failure of the lowest index is the one reported") {
  for (int round = 0; round < 50; ++round) {
    const auto result = for_each_index(100, 4, [](std::uint64_t i) -> Result<void> {
      if (i >= 10) return fail(ErrorCode::data, std::to_string(i));
      return {};
    });
    REQUIRE_FALSE(result);
    CHECK(result.error().message() == "10");
  }
}

TEST_CASE("parallel: a failure that comes later does not replace one of a lower index") {
  std::atomic<bool> second_started = false;
  std::atomic<bool> first_failed = false;
  const auto result = for_each_index(2, 2, [&](std::uint64_t i) -> Result<void> {
    if (i == 0) {
      while (!second_started) std::this_thread::yield();
      first_failed = true;
    } else {
      second_started = true;
      while (!first_failed) std::this_thread::yield();
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    return fail(ErrorCode::data, std::to_string(i));
  });
  REQUIRE_FALSE(result);
  CHECK(result.error().message() == "0");
}

TEST_CASE("parallel: exceptions come out in the caller") {
  CHECK_THROWS_AS(for_each_index(8, 3,
                                 [](std::uint64_t i) -> Result<void> {
                                   if (i == 3) throw std::runtime_error("three");
                                   return {};
                                 }),
                  std::runtime_error);
}

}  // namespace
}  // namespace pith::passes
