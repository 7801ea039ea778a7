#include "prune/list.h"

#include "prune/prune.h"

namespace pith::prune {

void add_passes(passes::PassRegistry& registry) {
  registry.add<Prune>();
}

}  // namespace pith::prune
