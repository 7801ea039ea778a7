#include "cli/signals.h"

#include <array>
#include <atomic>
#include <csignal>

namespace pith::cli {
namespace {

std::atomic<int> received_signal{0};
static_assert(std::atomic<int>::is_always_lock_free);

extern "C" void remember_signal(int signal) {
  received_signal.store(signal);
}

}  // namespace

void install_signal_handlers() {
  struct sigaction action{};
  action.sa_handler = remember_signal;
  action.sa_flags = SA_RESTART;
  for (const int signal : std::array{SIGINT, SIGTERM, SIGHUP}) ::sigaction(signal, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

bool stop_requested() {
  return received_signal.load() != 0;
}

Error explained_by_signal(Error error) {
  if (error.code() != ErrorCode::interrupted) return error;
  if (received_signal.load() == SIGINT)
    return {ErrorCode::interrupted, "stopped by the user; nothing was written"};
  return {ErrorCode::terminated, "stopped by a signal; nothing was written", "run the same command again"};
}

}  // namespace pith::cli
