#include "passes/parallel.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <vector>

namespace pith::passes {

Result<void> for_each_index(std::uint64_t count, unsigned threads,
                            const std::function<Result<void>(std::uint64_t)>& work) {
  // Indices are claimed in order, so every piece before a failed one has been started and ends too.
  std::atomic<std::uint64_t> next = 0;
  std::atomic<bool> stop = false;
  std::mutex mutex;
  std::uint64_t failed = count;
  std::optional<Error> error;
  std::exception_ptr exception;

  const auto run = [&] {
    while (!stop) {
      const std::uint64_t index = next++;
      if (index >= count) return;
      try {
        auto result = work(index);
        if (result) continue;
        const std::lock_guard lock(mutex);
        if (index < failed) {
          failed = index;
          error = std::move(result).error();
        }
      } catch (...) {
        const std::lock_guard lock(mutex);
        exception = std::current_exception();
      }
      stop = true;
    }
  };
  {
    std::vector<std::jthread> helpers;
    try {
      for (std::uint64_t i = 1; i < std::min<std::uint64_t>(threads, count); ++i) helpers.emplace_back(run);
    } catch (const std::system_error&) {
      // The system gives no more threads: those that there are do the work.
    }
    run();
  }
  if (exception) std::rethrow_exception(exception);
  if (error) return std::unexpected(*std::move(error));
  return {};
}

}  // namespace pith::passes
