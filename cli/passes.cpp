// `passes`: every pass, or the options of one.
#include <fmt/core.h>

#include "cli/builtin_passes.h"
#include "cli/commands.h"
#include "report/json.h"
#include "report/table.h"

namespace pith::cli {
namespace {

using report::Align;

std::string one(const passes::PassRegistry::Entry& entry) {
  std::string text = fmt::format("{}\n{}\n", entry.info.name, entry.info.summary);
  if (entry.options.empty()) return text + "It has no options.\n";
  std::vector<std::vector<std::string>> rows{{"option", "default", "range", "meaning"}};
  for (const auto& option : entry.options)
    rows.push_back({option.name, option.standard, option.range, option.help});
  return text + "\n" + report::table(rows, {Align::left});
}

std::string all(const passes::PassRegistry& registry) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& entry : registry.entries())
    rows.push_back({std::string(entry.info.name), std::string(entry.info.summary)});
  return report::table(rows, {Align::left});
}

}  // namespace

Result<Exit> run_passes(const Args& args, Ui& ui) {
  const passes::PassRegistry registry = builtin_passes();
  std::vector<const passes::PassRegistry::Entry*> shown;
  if (args.pass.empty()) {
    for (const auto& entry : registry.entries()) shown.push_back(&entry);
  } else {
    PITH_TRY(const auto* entry, registry.find(args.pass));
    shown.push_back(entry);
  }
  if (args.format == Format::json) {
    PITH_CHECK_OK(ui.print(report::to_json(shown)));
  } else if (args.format == Format::human && !args.quiet) {
    PITH_CHECK_OK(ui.print(args.pass.empty() ? all(registry) : one(*shown.front())));
  }
  return Exit::done;
}

}  // namespace pith::cli
