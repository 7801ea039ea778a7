#include "cli/ui.h"

#include <fmt/core.h>
#include <sys/resource.h>
#include <sys/utsname.h>

#include <cstdio>
#include <filesystem>
#include <thread>

#include "cli/printable.h"

namespace pith::cli {
namespace {

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

// Reports name files, never folders: "--eval=/data/x.gz,scale=1/255" becomes "--eval=x.gz,scale=1/255".
std::string without_folders(const std::string& argument) {
  std::string text;
  std::string part;
  const auto flush = [&] {
    const bool fraction =
        part.find_first_not_of("0123456789./") == std::string::npos && !part.starts_with('/');
    const std::size_t slash = fraction ? std::string::npos : part.find_last_of('/');
    text += slash == std::string::npos ? part : part.substr(slash + 1);
    part.clear();
  };
  for (const char c : argument) {
    if (c == ',' || c == '=') {
      flush();
      text += c;
    } else {
      part += c;
    }
  }
  flush();
  return text;
}

}  // namespace

Result<void> Ui::print(const std::string& text) {
  progress.finish();
  const std::string shown = printable(text, Newlines::keep);
  if (std::fwrite(shown.data(), 1, shown.size(), stdout) != shown.size() || std::fflush(stdout) != 0) {
    return fail(ErrorCode::environment, "stdout cannot be written to");
  }
  return {};
}

unsigned Ui::threads() const {
  return args_.threads != 0 ? args_.threads : std::max(1U, std::thread::hardware_concurrency());
}

report::Invocation Ui::invocation() const {
  report::Invocation invocation;
  for (const std::string& argument : args_.argv) {
    // A pipeline holds no paths.
    invocation.argv.push_back(argument.find('{') == std::string::npos ? without_folders(argument) : argument);
  }
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  invocation.wall_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - started_).count();
  invocation.cpu_s = seconds(usage.ru_utime) + seconds(usage.ru_stime);
  invocation.peak_rss_bytes = static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
  invocation.seed = args_.seed;
  return invocation;
}

report::Environment Ui::environment(std::string onnxruntime) const {
  utsname system{};
  ::uname(&system);
  return {std::move(onnxruntime), fmt::format("{} {}", system.sysname, system.machine), threads()};
}

}  // namespace pith::cli
