// Two operators in a row that one can do.
#pragma once

#include "passes/no_ops/rules.h"

namespace pith::passes::no_ops {

// Makes one node of this one and the one before it, which nothing else may read:
//   Transpose of a Transpose    the permutations are composed
//   Reshape of a Reshape, Flatten, Squeeze or Unsqueeze    when the target copies no dimension
//   Unsqueeze of a Reduce... along the same axes    the reduction keeps them
// Returns whether anything was done.
[[nodiscard]] bool join(ir::Model& model, const View& view, ir::NodeId node);

// A Reshape whose target is computed, but with one entry at most that is not known: the target becomes a
// constant with -1 there, because the number of elements settles it; only where
// the nodes that go by it take as much room. Returns whether it was done.
[[nodiscard]] bool settle_shape(ir::Model& model, const View& view, ir::NodeId node);

// An If of a Not reads what the Not reads, with its branches swapped; a Not that nothing reads any more goes.
// Returns whether it was done.
[[nodiscard]] bool swap_branches(ir::Model& model, const View& view, ir::NodeId node);

}  // namespace pith::passes::no_ops
