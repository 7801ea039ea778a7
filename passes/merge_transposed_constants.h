// Makes the readers of a matrix and of its transpose share one.
#pragma once

#include "passes/pass.h"

namespace pith::passes {

class MergeTransposedConstants {
 public:
  static constexpr PassInfo kInfo{
      .name = "merge-transposed-constants",
      .summary = "Keeps one of a matrix and its transpose where every reader of one can read the other.",
      .effect = Effect::rounding,
      .needs = Needs::none};
  using Options = NoOptions;

  MergeTransposedConstants() = default;
  explicit MergeTransposedConstants(Options /*options*/) {}

  // Changes: removed constants; the statistic "bytes" is what they held. Records transposed constants that
  // have to stay, with the reason.
  Result<Outcome> run(ir::Model& model, PassContext& context);
};

}  // namespace pith::passes
