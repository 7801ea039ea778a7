// Takes out nodes that do nothing with the constants and types that they are given.
#pragma once

#include "passes/pass.h"

namespace pith::passes {

class EliminateNoOps {
 public:
  static constexpr PassInfo kInfo{
      .name = "eliminate-no-ops",
      .summary = "Removes nodes that change nothing, and joins reshapes, transposes and casts in a row.",
      .effect = Effect::exact,
      .needs = Needs::none};
  using Options = NoOptions;

  EliminateNoOps() = default;
  explicit EliminateNoOps(Options /*options*/) {}

  // Changes: removed and joined nodes. Records every node without effect that has to stay, with its reason.
  Result<Outcome> run(ir::Model& model, PassContext& context);
};

}  // namespace pith::passes
