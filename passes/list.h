// The lossless graph passes that this folder offers.
#pragma once

#include "passes/registry.h"

namespace pith::passes {

// Adds eliminate-identity, fold-batch-norm, merge-equal-constants and remove-dead-values.
void add_passes(PassRegistry& registry);

}  // namespace pith::passes
