#include "passes/list.h"

#include "passes/eliminate_common_subexpressions.h"
#include "passes/eliminate_identity.h"
#include "passes/eliminate_no_ops.h"
#include "passes/fold_batch_norm.h"
#include "passes/fold_constants.h"
#include "passes/fold_scales.h"
#include "passes/fuse_matmul_add.h"
#include "passes/inline_constant_branches.h"
#include "passes/merge_equal_constants.h"
#include "passes/merge_transposed_constants.h"
#include "passes/remove_dead_values.h"
#include "passes/report_interface.h"
#include "passes/strip_documentation.h"
#include "passes/strip_training.h"

namespace pith::passes {

void add_passes(PassRegistry& registry) {
  registry.add<EliminateCommonSubexpressions>();
  registry.add<EliminateIdentity>();
  registry.add<EliminateNoOps>();
  registry.add<FoldBatchNorm>();
  registry.add<FoldConstants>();
  registry.add<FoldScales>();
  registry.add<FuseMatmulAdd>();
  registry.add<InlineConstantBranches>();
  registry.add<MergeEqualConstants>();
  registry.add<MergeTransposedConstants>();
  registry.add<RemoveDeadValues>();
  registry.add<ReportInterface>();
  registry.add<StripDocumentation>();
  registry.add<StripTraining>();
}

}  // namespace pith::passes
