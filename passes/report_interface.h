// Says what of a model's interface carries no information.
#pragma once

#include "passes/pass.h"

namespace pith::passes {

class ReportInterface {
 public:
  static constexpr PassInfo kInfo{
      .name = "report-interface",
      .summary =
          "Reports inputs that nothing reads, and outputs that are constant, an input or another output.",
      .effect = Effect::exact,
      .needs = Needs::none};
  using Options = NoOptions;

  ReportInterface() = default;
  explicit ReportInterface(Options /*options*/) {}

  // Never changes anything: inputs and outputs are what callers rely on. The statistics count what was found,
  // and each is recorded with its name.
  Result<Outcome> run(ir::Model& model, PassContext& context);
};

}  // namespace pith::passes
