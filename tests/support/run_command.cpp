#include "tests/support/run_command.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <stdexcept>

namespace pith::test {
namespace {

using Clock = std::chrono::steady_clock;

struct Pipe {
  int read_end = -1;
  int write_end = -1;

  Pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("pipe2 failed");
    read_end = ends[0];
    write_end = ends[1];
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    close_write_end();
    if (read_end >= 0) ::close(read_end);
  }
  void close_write_end() {
    if (write_end >= 0) ::close(write_end);
    write_end = -1;
  }
};

// In the child. Exit codes over 120 say which step failed; stderr is the parent's pipe by then.
[[noreturn]] void become(const std::vector<std::string>& argv, const RunOptions& options, int out, int err) {
  constexpr int kCannotStart = 127;
  const auto give_up = [](const char* step) {
    const std::string text = std::string("run_command: ") + step + ": " + std::strerror(errno) + "\n";
    if (::write(STDERR_FILENO, text.data(), text.size()) < 0) ::_exit(kCannotStart - 1);
    ::_exit(kCannotStart);
  };
  ::dup2(err, STDERR_FILENO);
  if (!options.stdout_to.empty()) {
    out = ::open(options.stdout_to.c_str(), O_WRONLY | O_CLOEXEC);
    if (out < 0) give_up("open stdout");
  }
  ::dup2(out, STDOUT_FILENO);
  const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  ::dup2(nothing, STDIN_FILENO);
  if (!options.folder.empty() && ::chdir(options.folder.c_str()) != 0) give_up("chdir");
  for (const auto& [name, value] : options.environment) {
    if (value) {
      ::setenv(name.c_str(), value->c_str(), 1);
    } else {
      ::unsetenv(name.c_str());
    }
  }
  if (options.largest_file) {
    const rlimit limit{*options.largest_file, *options.largest_file};
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) give_up("setrlimit");
    std::signal(SIGXFSZ, SIG_IGN);  // so that write() fails with EFBIG, as it does with ENOSPC on a full disk
  }
  std::vector<char*> words;
  for (const std::string& word : argv) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  ::execvp(words[0], words.data());
  give_up(words[0]);
  ::_exit(kCannotStart);  // give_up() never returns, but a lambda cannot say so
}

// Appends what the pipe holds; false at its end.
bool drain(int fd, std::string& text) {
  std::array<char, 65536> chunk{};
  const ssize_t count = ::read(fd, chunk.data(), chunk.size());
  if (count < 0) return errno == EINTR;
  text.append(chunk.data(), static_cast<std::size_t>(count));
  return count > 0;
}

// Reads both pipes to their end, and sends the planned signal and the last one when their time comes.
void follow(pid_t child, const RunOptions& options, std::array<pollfd, 2> pipes, CommandRun& run) {
  const auto started = Clock::now();
  std::optional<Clock::time_point> signal_at;
  if (options.signal && options.signal->once_stderr_holds.empty())
    signal_at = started + options.signal->delay;
  bool signal_sent = !options.signal;
  while (pipes[0].fd >= 0 || pipes[1].fd >= 0) {
    const auto now = Clock::now();
    if (!signal_sent && signal_at && now >= *signal_at) {
      ::kill(child, options.signal->signal);
      signal_sent = true;
    }
    if (!run.timed_out && now - started > options.time_limit) {
      run.timed_out = true;
      ::kill(child, SIGKILL);
    }
    auto wait = std::chrono::nanoseconds(std::chrono::milliseconds(50));
    if (!signal_sent && signal_at) wait = std::min<std::chrono::nanoseconds>(wait, *signal_at - now);
    const timespec timeout{0, std::max<long>(0, wait.count())};
    if (::ppoll(pipes.data(), pipes.size(), &timeout, nullptr) <= 0) continue;
    if (pipes[0].revents != 0 && !drain(pipes[0].fd, run.out)) pipes[0].fd = -1;
    if (pipes[1].revents != 0 && !drain(pipes[1].fd, run.err)) pipes[1].fd = -1;
    if (!signal_sent && !signal_at && run.err.find(options.signal->once_stderr_holds) != std::string::npos)
      signal_at = Clock::now() + options.signal->delay;
  }
}

}  // namespace

CommandRun run_command(const std::vector<std::string>& argv, const RunOptions& options) {
  CommandRun run;
  Pipe out;
  Pipe err;
  const auto started = Clock::now();
  const pid_t child = ::fork();
  if (child < 0) throw std::runtime_error("fork failed");
  if (child == 0) become(argv, options, out.write_end, err.write_end);
  out.close_write_end();
  err.close_write_end();
  follow(child, options, {{{out.read_end, POLLIN, 0}, {err.read_end, POLLIN, 0}}}, run);
  int status = 0;
  struct rusage usage{};
  while (::wait4(child, &status, 0, &usage) < 0 && errno == EINTR) {
  }
  run.peak_bytes = static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
  run.took = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - started);
  if (WIFEXITED(status)) run.exit_code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) run.signal = WTERMSIG(status);
  if (run.err.starts_with("run_command: ")) throw std::runtime_error(run.err);
  return run;
}

}  // namespace pith::test
