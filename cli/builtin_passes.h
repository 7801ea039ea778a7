// Every pass of every folder; the one place where they meet.
#pragma once

#include <string>

#include "passes/registry.h"

namespace pith::cli {

[[nodiscard]] passes::PassRegistry builtin_passes();

// The passes as a page of documentation: docs/passes.md.
[[nodiscard]] std::string passes_page(const passes::PassRegistry& registry);

}  // namespace pith::cli
