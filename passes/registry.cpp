#include "passes/registry.h"

#include <fmt/core.h>

#include <algorithm>

#include "passes/nearest.h"

namespace pith::passes {

void PassRegistry::add_entry(Entry entry) {
  const auto place =
      std::ranges::lower_bound(entries_, entry.info.name, {}, [](const Entry& e) { return e.info.name; });
  PITH_ASSERT(place == entries_.end() || place->info.name != entry.info.name, "two passes of one name");
  entries_.insert(place, std::move(entry));
}

Result<const PassRegistry::Entry*> PassRegistry::find(std::string_view name) const {
  std::vector<std::string> known;
  for (const Entry& entry : entries_) {
    if (entry.info.name == name) return &entry;
    known.emplace_back(entry.info.name);
  }
  return fail(ErrorCode::usage, fmt::format("unknown pass '{}'", name), suggestion(name, known));
}

}  // namespace pith::passes
