#include "cli/log.h"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <cstdlib>

#include "cli/printable.h"

namespace pith::cli {

bool colored(Color color) {
  if (color != Color::automatic) return color == Color::always;
  const char* no_color = std::getenv("NO_COLOR");
  return (no_color == nullptr || *no_color == '\0') && ::isatty(STDERR_FILENO) != 0;
}

void set_up_log(const Args& args) {
  const auto mode = colored(args.color) ? spdlog::color_mode::always : spdlog::color_mode::never;
  auto sink = std::make_shared<spdlog::sinks::stderr_color_sink_st>(mode);
  auto logger = std::make_shared<spdlog::logger>("pith", std::move(sink));
  logger->set_pattern("%^%l%$: %v");
  const bool quiet = args.quiet || args.format == Format::quiet;
  logger->set_level(quiet                ? spdlog::level::err
                    : args.verbosity > 0 ? spdlog::level::info
                                         : spdlog::level::warn);
  spdlog::set_default_logger(std::move(logger));
}

void log_error(const std::string& text) {
  spdlog::error("{}", printable(text, Newlines::escape));
}
void log_warning(const std::string& text) {
  spdlog::warn("{}", printable(text, Newlines::escape));
}
void log_note(const std::string& text) {
  spdlog::info("{}", printable(text, Newlines::escape));
}

}  // namespace pith::cli
