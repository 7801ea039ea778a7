// Makes the readers of equal constants share one.
#pragma once

#include "passes/pass.h"

namespace pith::passes {

class MergeEqualConstants {
 public:
  static constexpr PassInfo kInfo{.name = "merge-equal-constants",
                                  .summary = "Keeps one of several constants that are equal bit for bit.",
                                  .effect = Effect::exact,
                                  .needs = Needs::none};
  using Options = NoOptions;

  MergeEqualConstants() = default;
  explicit MergeEqualConstants(Options /*options*/) {}

  // Changes: removed constants; the statistic "bytes" is what they held. Records equal constants that have to
  // stay, with the reason.
  Result<Outcome> run(ir::Model& model, PassContext& context);
};

}  // namespace pith::passes
