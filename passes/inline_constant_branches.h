// Replaces an If whose condition is known by the branch that it takes.
#pragma once

#include "passes/pass.h"

namespace pith::passes {

class InlineConstantBranches {
 public:
  static constexpr PassInfo kInfo{
      .name = "inline-constant-branches",
      .summary = "Replaces an If whose condition is a constant by the nodes of the branch that it takes.",
      .effect = Effect::exact,
      .needs = Needs::none};
  using Options = NoOptions;

  InlineConstantBranches() = default;
  explicit InlineConstantBranches(Options /*options*/) {}

  // Changes: removed Ifs. Records every If with a constant condition that has to stay, with its reason.
  Result<Outcome> run(ir::Model& model, PassContext& context);
};

}  // namespace pith::passes
