// The lossless graph passes that this folder offers.
#pragma once

#include "passes/registry.h"

namespace pith::passes {

// Adds the passes of this folder.
void add_passes(PassRegistry& registry);

}  // namespace pith::passes
