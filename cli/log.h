// Messages to the user on stderr. log.cpp is the only file that knows spdlog.
#pragma once

#include <string>

#include "cli/args.h"

namespace pith::cli {

// Sets colour and how much is said, as the flags, NO_COLOR and the terminal ask.
void set_up_log(const Args& args);

void log_error(const std::string& text);
void log_warning(const std::string& text);  // not with -q
void log_note(const std::string& text);     // with -v

// Whether stderr may be coloured.
[[nodiscard]] bool colored(Color color);

}  // namespace pith::cli
