// The passes of this folder.
#pragma once

#include "passes/registry.h"

namespace pith::codec {

void add_passes(passes::PassRegistry& registry);

}  // namespace pith::codec
