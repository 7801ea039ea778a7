// Tests of passes: models in ONNX text, one pass run under the runner's rules,
// outputs compared through ONNX Runtime.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ir/model.h"
#include "ir/verify.h"
#include "passes/pass.h"

namespace pith::test {

// A model in ONNX text syntax; `graph` may leave out the header, then it is IR 8, operator set 17.
//   net (float[1,2] x) => (float[1,2] y) <float[2,2] w = {1, 2, 3, 4}> { y = MatMul(x, w) }
// Throws on text that does not parse.
[[nodiscard]] ir::Model parse_model(std::string_view text);
// The same as the bytes of an ONNX file.
[[nodiscard]] std::string model_bytes(std::string_view text);

struct PassRun {
  ir::Model before;
  ir::Model after;
  std::size_t changes = 0;
  std::vector<std::string> skipped;  // "node 'n': reason"
  std::vector<std::pair<std::string, double>> statistics;
};

// A context whose passes can compute values.
[[nodiscard]] passes::PassContext computing();

// Runs one pass; throws when it fails, leaves an invalid model, or lies about its changes.
template <class P>
[[nodiscard]] PassRun run_pass(const ir::Model& model, typename P::Options options = {},
                               passes::PassContext context = {}) {
  PassRun run{model, model, 0, {}, {}};
  auto outcome = P(options).run(run.after, context);
  if (!outcome) throw InternalError("the pass failed: " + outcome.error().message());
  if (auto valid = ir::verify(run.after); !valid)
    throw InternalError("invalid model: " + valid.error().message());
  if ((outcome->changes == 0) != (run.after.edits() == model.edits())) throw InternalError("the pass lies");
  run.changes = outcome->changes;
  run.statistics = outcome->statistics;
  for (const auto& skipped : context.take_skipped())
    run.skipped.push_back(skipped.where + ": " + skipped.reason);
  return run;
}

template <class P>
[[nodiscard]] PassRun run_pass(std::string_view text, typename P::Options options = {}) {
  return run_pass<P>(parse_model(text), options);
}

// The largest absolute difference between the outputs of two models on the same seeded inputs, run by
// ONNX Runtime without its optimisations; free dimensions are taken as 2. Infinity when a run fails
// or types and shapes differ. Zero means equal bit for bit (NaNs equal themselves).
[[nodiscard]] double largest_difference(const ir::Model& a, const ir::Model& b);

}  // namespace pith::test
