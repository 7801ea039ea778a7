// Makes a Gemm of a product of matrices and the addition behind it.
#pragma once

#include "passes/pass.h"

namespace pith::passes {

class FuseMatmulAdd {
 public:
  static constexpr PassInfo kInfo{
      .name = "fuse-matmul-add",
      .summary = "Replaces MatMul of two matrices and the Add of a constant behind it by one Gemm.",
      .effect = Effect::rounding,
      .needs = Needs::none};
  using Options = NoOptions;

  FuseMatmulAdd() = default;
  explicit FuseMatmulAdd(Options /*options*/) {}

  // Changes: fused pairs. Records every pair that stays, with its reason.
  Result<Outcome> run(ir::Model& model, PassContext& context);
};

}  // namespace pith::passes
