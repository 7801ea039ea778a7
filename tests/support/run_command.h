// Runs a program as a child process, without a shell.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace pith::test {

// A signal that is sent to the child: after a delay, or once its stderr holds a text.
struct PlannedSignal {
  int signal = 0;
  std::chrono::microseconds delay{0};
  std::string once_stderr_holds;  // empty: the delay counts from the start
};

struct RunOptions {
  std::filesystem::path folder;  // to work in; empty: this process's own
  // Variables added to this process's environment; nullopt takes one away.
  std::vector<std::pair<std::string, std::optional<std::string>>> environment;
  std::optional<std::uint64_t> largest_file;  // bytes; more is refused with EFBIG
  std::filesystem::path stdout_to;            // a file to open instead of capturing
  std::optional<PlannedSignal> signal;
  std::chrono::seconds time_limit{240};  // then SIGKILL
};

struct CommandRun {
  int exit_code = -1;  // -1 when a signal ended it
  int signal = 0;      // that signal
  bool timed_out = false;
  std::string out;
  std::string err;
  std::chrono::microseconds took{0};
  std::uint64_t peak_bytes = 0;  // of resident memory
};

// Runs argv[0], a path, or a name that PATH finds. Throws when the child cannot be started.
[[nodiscard]] CommandRun run_command(const std::vector<std::string>& argv, const RunOptions& options = {});

}  // namespace pith::test
