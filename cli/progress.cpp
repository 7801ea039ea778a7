#include "cli/progress.h"

#include <fmt/core.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace pith::cli {
namespace {

constexpr int kBarWidth = 24;
constexpr std::chrono::milliseconds kBarInterval{100};
constexpr std::chrono::seconds kPlainInterval{10};
// Stages shorter than this never show a bar.
constexpr std::chrono::milliseconds kBarDelay{300};

ProgressKind resolve(const Args& args) {
  if (args.quiet || args.format == Format::quiet) return ProgressKind::none;
  if (args.progress != ProgressKind::automatic) return args.progress;
  const char* terminal = std::getenv("TERM");
  const bool dumb = terminal != nullptr && std::strcmp(terminal, "dumb") == 0;
  return ::isatty(STDERR_FILENO) != 0 && !dumb ? ProgressKind::bar : ProgressKind::plain;
}

}  // namespace

Progress::Progress(const Args& args) : kind_(resolve(args)) {}

void Progress::stage(std::string name) {
  finish();
  const std::scoped_lock lock(mutex_);
  name_ = std::move(name);
  started_ = drawn_ = Clock::now();
  if (kind_ == ProgressKind::plain) fmt::print(stderr, "{}\n", name_);
  if (kind_ == ProgressKind::json) fmt::print(stderr, "{{\"stage\":\"{}\"}}\n", name_);
}

void Progress::update(std::uint64_t done, std::uint64_t total) {
  if (kind_ == ProgressKind::none || total == 0) return;
  const std::scoped_lock lock(mutex_);
  const auto now = Clock::now();
  if (kind_ == ProgressKind::bar) {
    if (now - started_ < kBarDelay || now - drawn_ < kBarInterval) return;
  } else if (now - drawn_ < kPlainInterval) {
    return;
  }
  drawn_ = now;
  draw(done, total);
}

void Progress::draw(std::uint64_t done, std::uint64_t total) {
  const double share = static_cast<double>(done) / static_cast<double>(total);
  const double elapsed = std::chrono::duration<double>(drawn_ - started_).count();
  const double rate = static_cast<double>(done) / elapsed;
  const double remaining = rate > 0 ? static_cast<double>(total - done) / rate : 0;
  if (kind_ == ProgressKind::json) {
    fmt::print(stderr, "{{\"stage\":\"{}\",\"done\":{},\"total\":{},\"remaining_s\":{:.1f}}}\n", name_, done,
               total, remaining);
    return;
  }
  if (kind_ == ProgressKind::plain) {
    fmt::print(stderr, "{}: {} of {}, {:.0f} s left\n", name_, done, total, remaining);
    return;
  }
  const auto filled = static_cast<std::size_t>(share * kBarWidth);
  const std::string bar = std::string(filled, '#') + std::string(kBarWidth - filled, '.');
  fmt::print(stderr, "\r\x1b[K{} [{}] {:3.0f} % {:.0f}/s, {:.0f} s left", name_, bar, 100 * share, rate,
             remaining);
  std::fflush(stderr);
  bar_on_screen_ = true;
}

void Progress::finish() {
  const std::scoped_lock lock(mutex_);
  if (!bar_on_screen_) return;
  fmt::print(stderr, "\r\x1b[K");
  std::fflush(stderr);
  bar_on_screen_ = false;
}

}  // namespace pith::cli
