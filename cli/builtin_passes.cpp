#include "cli/builtin_passes.h"

#include <fmt/core.h>

#include "cli/presets.h"
#include "codec/list.h"
#include "passes/list.h"
#include "prune/list.h"
#include "quantize/list.h"

namespace pith::cli {
namespace {

std::string_view effect_text(passes::Effect effect) {
  switch (effect) {
    case passes::Effect::exact:
      return "exact: the outputs stay equal bit for bit";
    case passes::Effect::rounding:
      return "rounding: the outputs stay equal up to float rounding";
    case passes::Effect::lossy:
      return "lossy: the outputs change";
  }
  throw InternalError("an effect without a name");
}

}  // namespace

passes::PassRegistry builtin_passes() {
  passes::PassRegistry registry;
  passes::add_passes(registry);
  prune::add_passes(registry);
  quantize::add_passes(registry);
  codec::add_passes(registry);
  return registry;
}

std::string passes_page(const passes::PassRegistry& registry) {
  std::string page =
      "# Passes\n\n"
      "Generated from the passes' own declarations; `pith passes` shows the same on a terminal.\n\n"
      "A pipeline is a list of passes: `prune{sparsity=0.3 scope=global}, share-weights{bits=4}`. Steps are\n"
      "separated by commas or line ends, options by blanks, and `#` starts a comment.\n\n"
      "## Presets\n\n| preset | what it promises | pipeline |\n| --- | --- | --- |\n";
  for (const Preset& preset : kPresets) {
    page += fmt::format("| `{}` | {} | `{}` |\n", preset.name, preset.summary, preset.pipeline);
  }
  for (const auto& entry : registry.entries()) {
    page += fmt::format("\n## {}\n\n{}\n\nEffect: {}.\n", entry.info.name, entry.info.summary,
                        effect_text(entry.info.effect));
    if (entry.options.empty()) continue;
    page += "\n| option | default | range | meaning |\n| --- | --- | --- | --- |\n";
    for (const auto& option : entry.options) {
      std::string range = option.range;
      for (std::size_t at = 0; (at = range.find('|', at)) != std::string::npos; at += 2)
        range.replace(at, 1, ", ");
      page += fmt::format("| `{}` | {} | {} | {} |\n", option.name, option.standard, range, option.help);
    }
  }
  return page;
}

}  // namespace pith::cli
