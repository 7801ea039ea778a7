#include "cli/presets.h"

#include <fmt/core.h>

#include <string>
#include <vector>

#include "passes/nearest.h"

namespace pith::cli {

Result<Preset> find_preset(std::string_view name) {
  std::vector<std::string> known;
  for (const Preset& preset : kPresets) {
    if (preset.name == name) return preset;
    known.emplace_back(preset.name);
  }
  return fail(ErrorCode::usage, fmt::format("unknown preset '{}'", name), passes::suggestion(name, known));
}

}  // namespace pith::cli
