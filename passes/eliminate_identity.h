// Takes out nodes that return their first input unchanged.
#pragma once

#include "passes/pass.h"

namespace pith::passes {

class EliminateIdentity {
 public:
  static constexpr PassInfo kInfo{.name = "eliminate-identity",
                                  .summary = "Removes nodes that return their input unchanged.",
                                  .effect = Effect::exact,
                                  .needs = Needs::none};
  using Options = NoOptions;

  EliminateIdentity() = default;
  explicit EliminateIdentity(Options /*options*/) {}

  // Changes: removed nodes. Records every candidate that has to stay, with its reason.
  Result<Outcome> run(ir::Model& model, PassContext& context);
};

}  // namespace pith::passes
