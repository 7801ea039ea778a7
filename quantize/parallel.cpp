#include "quantize/parallel.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <system_error>
#include <thread>
#include <vector>

namespace pith::quantize {

Result<void> for_each_index(std::size_t count, const passes::PassContext& context,
                            const std::function<void(std::size_t)>& work) {
  std::atomic<std::size_t> next = 0;
  std::atomic<bool> stop = false;
  const std::size_t threads = std::clamp<std::size_t>(context.threads, 1, std::max<std::size_t>(count, 1));
  std::vector<std::exception_ptr> failures(threads);
  const auto take_one = [&] {
    const std::size_t index = next++;
    if (index >= count || stop) return false;
    work(index);
    return true;
  };
  const auto help = [&](std::exception_ptr& failure) {
    try {
      while (take_one()) {
      }
    } catch (...) {
      failure = std::current_exception();
      stop = true;
    }
  };

  Result<void> going;
  {
    std::vector<std::jthread> helpers;
    try {
      for (std::size_t i = 1; i < threads; ++i) helpers.emplace_back(help, std::ref(failures[i]));
    } catch (const std::system_error&) {
      // The system gives no more threads: those that there are do the work.
    }
    try {
      do {
        going = context.keep_going();
        if (!going) stop = true;
      } while (take_one());
    } catch (...) {
      failures[0] = std::current_exception();
      stop = true;
    }
  }
  for (const std::exception_ptr& failure : failures) {
    if (failure) std::rethrow_exception(failure);
  }
  return going;
}

}  // namespace pith::quantize
