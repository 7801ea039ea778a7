#include "passes/list.h"

#include "passes/eliminate_identity.h"
#include "passes/fold_batch_norm.h"
#include "passes/merge_equal_constants.h"
#include "passes/remove_dead_values.h"

namespace pith::passes {

void add_passes(PassRegistry& registry) {
  registry.add<EliminateIdentity>();
  registry.add<FoldBatchNorm>();
  registry.add<MergeEqualConstants>();
  registry.add<RemoveDeadValues>();
}

}  // namespace pith::passes
