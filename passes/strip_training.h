// Removes results that only training needs.
#pragma once

#include "passes/pass.h"

namespace pith::passes {

class StripTraining {
 public:
  static constexpr PassInfo kInfo{
      .name = "strip-training",
      .summary = "Removes unread masks and statistics that only training needs, and names what trains still.",
      .effect = Effect::exact,
      .needs = Needs::none};
  using Options = NoOptions;

  StripTraining() = default;
  explicit StripTraining(Options /*options*/) {}

  // Changes: removed outputs. Records every node that computes as in training, with its reason.
  Result<Outcome> run(ir::Model& model, PassContext& context);
};

}  // namespace pith::passes
