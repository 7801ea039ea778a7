#include "passes/parallel.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <memory>
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

Result<void> for_each_index(std::uint64_t count, unsigned threads,
                            const std::function<std::uint64_t(std::uint64_t)>& cost, std::uint64_t budget,
                            const std::function<Result<void>(std::uint64_t)>& work) {
  std::mutex mutex;
  std::condition_variable freed;
  std::uint64_t in_use = 0;
  return for_each_index(count, threads, [&](std::uint64_t index) -> Result<void> {
    const std::uint64_t mine = cost(index);
    {
      std::unique_lock lock(mutex);
      freed.wait(lock, [&] { return in_use == 0 || (in_use < budget && mine <= budget - in_use); });
      in_use += mine;
    }
    const auto give_back = [&](const void*) {
      const std::lock_guard lock(mutex);
      in_use -= mine;
      freed.notify_all();
    };
    const std::unique_ptr<const void, decltype(give_back)> taken(&mutex, give_back);
    return work(index);
  });
}

}  // namespace pith::passes
