// Removes texts that no runtime reads.
#pragma once

#include "passes/pass.h"

namespace pith::passes {

class StripDocumentation {
 public:
  static constexpr PassInfo kInfo{
      .name = "strip-documentation",
      .summary =
          "Removes doc strings, and metadata that exporters write for themselves, such as stack traces.",
      .effect = Effect::exact,
      .needs = Needs::none};
  using Options = NoOptions;

  StripDocumentation() = default;
  explicit StripDocumentation(Options /*options*/) {}

  // Changes: nodes, values, constants and graphs that lost a text, and declarations of constants. The
  // statistic is the bytes of the texts.
  Result<Outcome> run(ir::Model& model, PassContext& context);
};

}  // namespace pith::passes
