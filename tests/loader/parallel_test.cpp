#include "loader/parallel.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/catch.h"

namespace pith::loader {
namespace {

std::vector<std::size_t> numbers(std::size_t count) {
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  return order;
}

// Whether `condition` comes true while others work.
template <class Condition>
bool wait_for(Condition condition) {
  for (int i = 0; i < 10000 && !condition(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  return condition();
}

TEST_CASE("parallel: every job and every part once, at any number of threads") {
  for (const std::size_t threads : {0U, 1U, 2U, 7U}) {
    std::array<std::array<std::atomic<int>, 50>, 20> seen{};
    const auto job = [&](std::size_t i) {
      return run_parts(50, [&](std::size_t part) -> Status {
        ++seen[i][part];
        return {};
      });
    };
    REQUIRE(run_parallel(numbers(20), threads, job).ok());
    for (const auto& parts : seen)
      CHECK(std::ranges::all_of(parts, [](const auto& count) { return count == 1; }));
  }
  CHECK(run_parallel({}, 3, [](std::size_t) { return damaged("called"); }).ok());
}

TEST_CASE("parallel: a thread without a job takes part in another's") {
  std::atomic<int> begun{0};
  const auto part = [&](std::size_t) -> Status {
    ++begun;
    return wait_for([&] { return begun == 2; }) ? Status() : damaged("alone");
  };
  const auto job = [&](std::size_t) { return run_parts(2, part); };
  CHECK(run_parallel(numbers(1), 2, job).ok());
}

TEST_CASE("parallel: helpers allocate from the memory of those that they help") {
  const Memory memory;
  const MemoryScope scope(memory);
  std::atomic<int> begun{0};
  std::atomic<int> other{0};
  const auto part = [&](std::size_t) -> Status {
    other += MemoryScope::current()->user == memory.user && MemoryScope::current() == &memory ? 0 : 1;
    ++begun;
    return wait_for([&] { return begun == 2; }) ? Status() : damaged("alone");
  };
  CHECK(run_parallel(numbers(1), 2, [&](std::size_t) { return run_parts(2, part); }).ok());
  CHECK(other == 0);
}

TEST_CASE("parallel: the failure of the lowest job is the one reported, whatever their order") {
  for (int round = 0; round < 50; ++round) {
    std::vector<std::size_t> order = numbers(40);
    std::ranges::reverse(order);
    const auto job = [](std::size_t i) { return i >= 10 ? damaged(std::to_string(i)) : Status(); };
    CHECK(run_parallel(order, 4, job).message() == "10");
  }
}

TEST_CASE("parallel: the failure of the lowest part is the one reported") {
  const auto part = [](std::size_t i) { return i >= 10 ? damaged(std::to_string(i)) : Status(); };
  CHECK(run_parts(40, part).message() == "10");
  for (int round = 0; round < 50; ++round)
    CHECK(run_parallel(numbers(1), 4, [&](std::size_t) { return run_parts(40, part); }).message() == "10");
}

TEST_CASE("parallel: a worker that cannot start fails only where it is the only one") {
  const std::thread::id owner = std::this_thread::get_id();
  std::atomic<bool> refused{false};
  const auto worker = [&](PartQueue& parts) -> Status {
    if (std::this_thread::get_id() != owner) {
      refused = true;
      return {StatusCode::out_of_memory, "no memory"};
    }
    while (parts.next()) {
      if (parts.number() == 0 && !wait_for([&] { return refused.load(); })) return damaged("alone");
    }
    return {};
  };
  // The job of this thread is the one that has parts: the other waits until it is done.
  const auto job = [&](std::size_t) -> Status {
    if (std::this_thread::get_id() == owner) return run_workers(3, worker);
    return {};
  };
  for (int round = 0; round < 100 && !refused; ++round) CHECK(run_parallel(numbers(2), 2, job).ok());
  CHECK(run_workers(2, [](PartQueue&) -> Status { return damaged("start"); }).message() == "start");
}

TEST_CASE("parallel: pieces in place cover everything and keep off what is still to be read") {
  for (const std::size_t width : {2U, 4U, 8U}) {
    for (const std::size_t count : {std::size_t{1}, kPieceSize, 3 * kPieceSize + 5, 40 * kPieceSize + 1}) {
      std::vector<std::uint8_t> seen(count);
      std::size_t done = 0;  // everything before it is there when the next pieces begin
      REQUIRE(run_in_place(count, width, 0, [&](std::size_t begin, std::size_t end) -> Status {
                CHECK(begin % kPieceSize == 0);
                CHECK(begin < end);
                if (begin >= end_in_place(count, width, done)) done = begin;
                const bool is_rest = end == count;
                CHECK((is_rest || end * width <= count * (width - 1) + done));
                std::for_each(seen.begin() + static_cast<std::ptrdiff_t>(begin),
                              seen.begin() + static_cast<std::ptrdiff_t>(end), [](auto& times) { ++times; });
                return {};
              }).ok());
      CHECK(std::ranges::all_of(seen, [](auto times) { return times == 1; }));
    }
  }
}

TEST_CASE("parallel: what follows in order does, whoever is done first") {
  std::vector<std::size_t> followed;
  const auto then = [&](std::size_t number) { followed.push_back(number); };
  InOrder in_order(4, then);
  in_order.done(2);
  CHECK(followed.empty());
  in_order.done(0);
  in_order.done(1);
  CHECK(followed == std::vector<std::size_t>{0, 1, 2});
  in_order.done(3);
  CHECK(followed == numbers(4));
}

}  // namespace
}  // namespace pith::loader
