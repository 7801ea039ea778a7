// Parses the command line, runs one command, and turns whatever went wrong
// into one sentence and the exit code of the contract.
#include <fmt/core.h>

#include <cstdio>
#include <exception>
#include <functional>
#include <map>
#include <new>

#include "cli/commands.h"
#include "cli/log.h"
#include "cli/signals.h"
#include "report/json.h"

namespace pith::cli {
namespace {

const std::map<std::string, std::function<Result<Exit>(const Args&, Ui&)>>& commands() {
  static const std::map<std::string, std::function<Result<Exit>(const Args&, Ui&)>> kCommands{
      {"compress", run_compress}, {"pack", run_pack},
      {"unpack", run_unpack},     {"inspect", run_inspect},
      {"compare", run_compare},   {"verify", run_verify},
      {"evaluate", run_evaluate}, {"sensitivity", run_sensitivity},
      {"passes", run_passes},     {"doctor", run_doctor}};
  return kCommands;
}

void show(const Error& error, bool as_json) {
  if (as_json) {
    const std::string json = report::to_json(error);
    std::fwrite(json.data(), 1, json.size(), stdout);
    std::fflush(stdout);
  }
  log_error(error.hint().empty() ? error.message() : fmt::format("{}; {}", error.message(), error.hint()));
}

// What was typed may not have parsed; whether JSON was asked for is seen all the same.
bool asks_for_json(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--format=json" || (word == "--format" && i + 1 < argc && std::string(argv[i + 1]) == "json"))
      return true;
  }
  return false;
}

Exit run(int argc, char** argv) {
  auto args = parse_args(argc, argv);
  if (!args) {
    set_up_log({});
    show(args.error(), asks_for_json(argc, argv));
    return exit_of(args.error().code());
  }
  set_up_log(*args);
  Ui ui(*args);
  Result<Exit> exit = Exit::done;
  try {
    if (!args->text.empty()) {
      if (auto printed = ui.print(args->text); !printed) exit = std::unexpected(printed.error());
    } else {
      exit = commands().at(args->command)(*args, ui);
    }
  } catch (const std::bad_alloc&) {
    exit = fail(ErrorCode::environment, "out of memory; nothing was written",
                "use a machine with more, or a smaller model");
  }
  ui.progress.finish();
  if (exit) return *exit;
  const Error error = explained_by_signal(std::move(exit).error());
  show(error, args->format == Format::json);
  return exit_of(error.code());
}

}  // namespace
}  // namespace pith::cli

int main(int argc, char** argv) {
  using pith::cli::Exit;
  pith::cli::install_signal_handlers();
  try {
    return static_cast<int>(pith::cli::run(argc, argv));
  } catch (const std::exception& error) {
    const pith::Error bug(pith::ErrorCode::internal, std::string("internal error: ") + error.what(),
                          "please report it");
    pith::cli::show(bug, pith::cli::asks_for_json(argc, argv));
    return static_cast<int>(Exit::internal);
  }
}
