// Folds an inference-mode BatchNormalization into the linear operator that feeds it.
#pragma once

#include "passes/pass.h"

namespace pith::passes {

class FoldBatchNorm {
 public:
  static constexpr PassInfo kInfo{
      .name = "fold-batch-norm",
      .summary = "Folds batch normalizations into the Conv, ConvTranspose or Gemm before them.",
      .effect = Effect::rounding,
      .needs = Needs::none};
  using Options = NoOptions;

  FoldBatchNorm() = default;
  explicit FoldBatchNorm(Options /*options*/) {}

  // Changes: folded normalizations. Records every normalization that stays, with its reason.
  Result<Outcome> run(ir::Model& model, PassContext& context);
};

}  // namespace pith::passes
