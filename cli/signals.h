// Ctrl-C and SIGTERM set a flag that long work looks at; nothing else happens in the handler.
#pragma once

#include "ir/result.h"

namespace pith::cli {

// SIGINT, SIGTERM and SIGHUP from now on set the flag; a closed pipe is an error of write() instead of a
// death.
void install_signal_handlers();

[[nodiscard]] bool stop_requested();

// The error as the signal that asked to stop explains it: 130 after SIGINT, 75 after SIGTERM and SIGHUP.
[[nodiscard]] Error explained_by_signal(Error error);

}  // namespace pith::cli
