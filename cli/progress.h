// How long work shows that it goes on, on stderr.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>

#include "cli/args.h"

namespace pith::cli {

// One stage after another, each with steps:
//   bar    one line, redrawn: name, bar, percentage, rate, remaining time
//   plain  a line when a stage begins, and again every ten seconds
//   json   a line of JSON for each of those
// `automatic` is a bar on a terminal and plain lines elsewhere; quiet runs show nothing.
class Progress {
 public:
  explicit Progress(const Args& args);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress() { finish(); }

  void stage(std::string name);
  // May be called by several threads.
  void update(std::uint64_t done, std::uint64_t total);
  // Removes the bar, so that other text may follow.
  void finish();

 private:
  using Clock = std::chrono::steady_clock;

  void draw(std::uint64_t done, std::uint64_t total);

  ProgressKind kind_;
  std::mutex mutex_;
  std::string name_;
  Clock::time_point started_;
  Clock::time_point drawn_;
  bool bar_on_screen_ = false;
};

}  // namespace pith::cli
