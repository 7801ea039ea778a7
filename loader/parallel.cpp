#include "loader/parallel.h"

#include <algorithm>
#include <exception>
#include <thread>
#include <vector>

namespace pith::loader {

// The parts of one piece of work; lives on the stack of the thread whose work it is.
class SharedWork {
 public:
  SharedWork(std::size_t count, FunctionRef<Status(PartQueue&)> worker)
      : worker_(worker), count_(count), first_(count), memory_(MemoryScope::current()) {}

  // Works until no part is left. A helper that cannot even start leaves the parts to the others.
  void work(bool is_helper) noexcept {
    const Memory general;
    const MemoryScope scope(memory_ != nullptr ? *memory_ : general);
    PartQueue parts(next_, count_);
    Status status = guarded([&]() -> Status { return worker_(parts); });
    if (status.ok()) return;
    const bool started = parts.number() != count_;
    if (!started && is_helper) return;
    next_ = count_;
    const std::lock_guard lock(mutex_);
    const std::size_t number = started ? parts.number() : 0;
    if (number >= first_ && failed_) return;
    first_ = number;
    failed_ = true;
    result_ = std::move(status);
  }

  [[nodiscard]] bool has_parts() const { return next_ < count_; }
  [[nodiscard]] Status result() && { return std::move(result_); }

 private:
  friend class Crew;
  FunctionRef<Status(PartQueue&)> worker_;
  std::size_t count_;
  std::atomic<std::size_t> next_{0};
  std::mutex mutex_;
  std::size_t first_;  // the lowest part that failed
  bool failed_ = false;
  Status result_;
  const Memory* memory_;
  // For the crew, under its lock.
  std::size_t helpers_ = 0;
  SharedWork* before_ = nullptr;
};

// The threads of a call of run_parallel().
class Crew {
 public:
  Crew(std::span<const std::size_t> order, FunctionRef<Status(std::size_t)> job)
      : order_(order), job_(job), left_(order.size()), memory_(MemoryScope::current()) {}

  // Until all jobs are done.
  void work() noexcept {
    const Memory general;
    const MemoryScope scope(memory_ != nullptr ? *memory_ : general);
    Crew* const before = current();
    current() = this;
    for (std::size_t i = next_++; i < order_.size(); i = next_++) do_job(order_[i]);
    for (std::unique_lock lock(mutex_); left_ != 0;) {
      SharedWork* work = work_with_parts();
      if (work == nullptr) {
        changed_.wait(lock);
        continue;
      }
      ++work->helpers_;
      lock.unlock();
      work->work(true);
      lock.lock();
      // Its owner may only wait for this.
      if (--work->helpers_ == 0) changed_.notify_all();
    }
    current() = before;
  }

  // Lets the crew help with `work` until close().
  void open(SharedWork& work) {
    const std::lock_guard lock(mutex_);
    work.before_ = works_;
    works_ = &work;
    changed_.notify_all();
  }
  void close(SharedWork& work) {
    std::unique_lock lock(mutex_);
    SharedWork** place = &works_;
    while (*place != &work) place = &(*place)->before_;
    *place = work.before_;
    changed_.wait(lock, [&] { return work.helpers_ == 0; });
  }

  [[nodiscard]] Status result() && { return std::move(result_); }

  // This thread's, or nullptr.
  static Crew*& current() {
    static thread_local Crew* crew = nullptr;
    return crew;
  }

 private:
  void do_job(std::size_t number) noexcept {
    Status status;
    if (number < first_) status = guarded([&]() -> Status { return job_(number); });
    const std::lock_guard lock(mutex_);
    if (!status.ok() && number < first_) {
      first_ = number;
      result_ = std::move(status);
    }
    if (--left_ == 0) changed_.notify_all();
  }

  [[nodiscard]] SharedWork* work_with_parts() const {
    SharedWork* work = works_;
    while (work != nullptr && !work->has_parts()) work = work->before_;
    return work;
  }

  std::span<const std::size_t> order_;
  FunctionRef<Status(std::size_t)> job_;
  std::atomic<std::size_t> next_{0};
  std::atomic<std::size_t> first_{SIZE_MAX};  // the lowest number that failed
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t left_;  // jobs that are not done
  SharedWork* works_ = nullptr;
  Status result_;
  const Memory* memory_;
};

Status run_parallel(std::span<const std::size_t> order, std::size_t threads,
                    FunctionRef<Status(std::size_t)> job) {
  Crew crew(order, job);
  {
    std::vector<std::jthread> others;
    try {
      for (std::size_t i = 1; i < threads; ++i) others.emplace_back([&] { crew.work(); });
    } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): no more threads, or no memory for them
    }
    crew.work();
  }
  return std::move(crew).result();
}

bool PartQueue::next() {
  const std::size_t number = next_++;
  if (number >= count_) return false;
  number_ = number;
  return true;
}

Status run_workers(std::size_t count, FunctionRef<Status(PartQueue&)> worker) {
  SharedWork work(count, worker);
  Crew* crew = count > 1 ? Crew::current() : nullptr;
  if (crew != nullptr) crew->open(work);
  work.work(false);
  if (crew != nullptr) crew->close(work);
  return std::move(work).result();
}

Status run_parts(std::size_t count, FunctionRef<Status(std::size_t)> part) {
  return run_workers(count, [&](PartQueue& parts) -> Status {
    while (parts.next()) {
      if (Status status = part(parts.number()); !status.ok()) return status;
    }
    return {};
  });
}

Status run_in_place(std::size_t count, std::size_t width, std::size_t done,
                    FunctionRef<Status(std::size_t, std::size_t)> each) {
  while (done < count) {
    std::size_t end = end_in_place(count, width, done);
    const bool is_rest = end <= done;  // little: one piece, from its start to its end
    if (is_rest) end = count;
    const std::size_t pieces = is_rest ? 1 : (end - done) / kPieceSize;
    Status status = run_parts(pieces, [&](std::size_t i) {
      const std::size_t begin = done + i * kPieceSize;
      return each(begin, is_rest ? count : begin + kPieceSize);
    });
    if (!status.ok()) return status;
    done = end;
  }
  return {};
}

void InOrder::done(std::size_t number) {
  std::unique_lock lock(mutex_);
  done_[number] = 1;
  if (busy_) return;  // who is will see it
  busy_ = true;
  for (; next_ < done_.size() && done_[next_] != 0; ++next_) {
    lock.unlock();
    then_(next_);
    lock.lock();
  }
  busy_ = false;
}

}  // namespace pith::loader
