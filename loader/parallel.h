// Runs independent jobs side by side.
#pragma once

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "loader/status.h"

namespace pith::loader {

// Calls job(0) .. job(count - 1), each once, on up to `threads` threads, this one among them, and returns the
// failure of the lowest number. After a failure the jobs that have not begun are left out. Where the system
// refuses a thread, fewer do the work.
template <class Job>
[[nodiscard]] Status run_parallel(std::size_t count, std::size_t threads, Job&& job) {
  std::atomic<std::size_t> next{0};
  std::atomic<bool> failed{false};
  std::mutex mutex;
  std::size_t first = count;
  Status result;
  const auto work = [&]() noexcept {
    for (std::size_t i = next++; i < count && !failed; i = next++) {
      Status status = guarded([&]() -> Status { return job(i); });
      if (status.ok()) continue;
      failed = true;
      const std::lock_guard lock(mutex);
      if (i < first) {
        first = i;
        result = std::move(status);
      }
    }
  };
  std::vector<std::jthread> others;
  try {
    for (std::size_t i = 1; i < std::min(threads, count); ++i) others.emplace_back(work);
  } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): no more threads, or no memory for them
  }
  work();
  others.clear();  // waits
  return result;
}

}  // namespace pith::loader
