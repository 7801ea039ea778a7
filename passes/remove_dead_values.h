// Removes what does not contribute to any graph output.
#pragma once

#include "passes/pass.h"

namespace pith::passes {

class RemoveDeadValues {
 public:
  static constexpr PassInfo kInfo{.name = "remove-dead-values",
                                  .summary = "Removes nodes and constants whose results nothing reads.",
                                  .effect = Effect::exact,
                                  .needs = Needs::none};
  using Options = NoOptions;

  RemoveDeadValues() = default;
  explicit RemoveDeadValues(Options /*options*/) {}

  // Changes: removed nodes and constants; the statistics "nodes" and "constants" tell them apart.
  // Records dead nodes that are kept because they may have effects.
  Result<Outcome> run(ir::Model& model, PassContext& context);
};

}  // namespace pith::passes
