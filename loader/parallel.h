// Runs independent jobs side by side, and the parts of a job on threads that have no job of their own.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>

#include "loader/function_ref.h"
#include "loader/memory.h"
#include "loader/status.h"

namespace pith::loader {

// Calls job(order[0]), job(order[1]) ... each once, begun in this order, on up to `threads` threads, this one
// among them. Threads that find no job left take part in what run_parts() does in the others. Returns the
// failure of the lowest number; after one, jobs of higher numbers that have not begun are left out. Where the
// system refuses a thread, fewer do the work. Jobs allocate from the memory of the calling thread.
[[nodiscard]] Status run_parallel(std::span<const std::size_t> order, std::size_t threads,
                                  FunctionRef<Status(std::size_t)> job);

// Hands out the numbers of parts to one of the threads that work on them.
class PartQueue {
 public:
  // Whether there is another one, for this thread alone. They rise; after a failure there are none.
  bool next();
  [[nodiscard]] std::size_t number() const { return number_; }

 private:
  friend class SharedWork;
  PartQueue(std::atomic<std::size_t>& next, std::size_t count) : next_(next), count_(count), number_(count) {}

  std::atomic<std::size_t>& next_;
  std::size_t count_;
  std::size_t number_;
};

// Calls worker(parts) on this thread and on those that have nothing else to do, until all of `count` parts
// are taken and done. Returns the failure of the lowest part, the same for any number of threads.
[[nodiscard]] Status run_workers(std::size_t count, FunctionRef<Status(PartQueue&)> worker);

// The same for parts that share nothing and need no memory.
[[nodiscard]] Status run_parts(std::size_t count, FunctionRef<Status(std::size_t)> part);

// Elements of a piece of work that is worth another thread's while.
inline constexpr std::size_t kPieceSize = 65536;

// Calls each(begin, end) for all of done .. count in pieces, several at a time, so that elements of `width`
// bytes may be written from the start of memory in whose last `count` bytes is a byte for each of them: no
// piece is written over bytes that another one has yet to read. Pieces begin at multiples of kPieceSize, if
// `done` is one.
[[nodiscard]] Status run_in_place(std::size_t count, std::size_t width, std::size_t done,
                                  FunctionRef<Status(std::size_t, std::size_t)> each);

// How far pieces may go at the same time once the elements before `done` are there: to a multiple of
// kPieceSize.
[[nodiscard]] constexpr std::size_t end_in_place(std::size_t count, std::size_t width, std::size_t done) {
  return (count * (width - 1) + done) / width / kPieceSize * kPieceSize;
}

// Calls then(0), then(1), ... one at a time and in this order, as soon as their numbers are done.
class InOrder {
 public:
  InOrder(std::size_t count, FunctionRef<void(std::size_t)> then) : then_(then), done_(count) {}
  void done(std::size_t number);

 private:
  FunctionRef<void(std::size_t)> then_;
  std::mutex mutex_;
  Vector<std::uint8_t> done_;
  std::size_t next_ = 0;
  bool busy_ = false;  // a thread calls then_
};

}  // namespace pith::loader
