// Folds factors and offsets of output channels into the linear operator before them.
#pragma once

#include "passes/pass.h"

namespace pith::passes {

class FoldScales {
 public:
  static constexpr PassInfo kInfo{
      .name = "fold-scales",
      .summary = "Folds Mul, Div, Add and Sub by a constant a channel into the linear operator before them.",
      .effect = Effect::rounding,
      .needs = Needs::none};
  using Options = NoOptions;

  FoldScales() = default;
  explicit FoldScales(Options /*options*/) {}

  // Changes: folded nodes. Records every one behind a linear operator that stays, with its reason.
  Result<Outcome> run(ir::Model& model, PassContext& context);
};

}  // namespace pith::passes
