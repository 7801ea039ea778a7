// Makes the readers of equal computations share one.
#pragma once

#include "passes/pass.h"

namespace pith::passes {

class EliminateCommonSubexpressions {
 public:
  static constexpr PassInfo kInfo{
      .name = "eliminate-common-subexpressions",
      .summary = "Keeps one of several nodes that compute the same from the same.",
      .effect = Effect::exact,
      .needs = Needs::none};
  using Options = NoOptions;

  EliminateCommonSubexpressions() = default;
  explicit EliminateCommonSubexpressions(Options /*options*/) {}

  // Changes: removed nodes. Records every repeated node that has to stay, with its reason.
  Result<Outcome> run(ir::Model& model, PassContext& context);
};

}  // namespace pith::passes
