// Passes for tests of what runs them: one with an option of every kind, and ones that misbehave.
#pragma once

#include "ir/rewriter.h"
#include "passes/pass.h"

namespace pith::test {

enum class Color : std::uint8_t { red, green };

struct SampleOptions {
  int bits = 4;
  double share = 0.5;
  bool fast = false;
  Color color = Color::green;

  static auto fields() {
    using passes::choice, passes::field;
    return std::tuple{
        field("bits", &SampleOptions::bits, "bits of a code", 1, 8),
        field("share", &SampleOptions::share, "share of the weights", 0.0, 0.99),
        field("fast", &SampleOptions::fast, "whether to hurry"),
        choice("color", &SampleOptions::color, "the color", {{"red", Color::red}, {"green", Color::green}})};
  }
};

// Does nothing.
class SamplePass {
 public:
  static constexpr passes::PassInfo kInfo{.name = "sample",
                                          .summary = "Does nothing.",
                                          .effect = passes::Effect::exact,
                                          .needs = passes::Needs::none};
  using Options = SampleOptions;
  explicit SamplePass(Options /*options*/) {}
  Result<passes::Outcome> run(ir::Model& /*model*/, passes::PassContext& /*context*/) {
    return passes::Outcome{};
  }
};

template <passes::Needs kNeeds>
class NeedyPass {
 public:
  static constexpr passes::PassInfo kInfo{.name = kNeeds == passes::Needs::calibration ? "needs-calibration"
                                                  : kNeeds == passes::Needs::evaluator ? "needs-evaluator"
                                                                                       : "needs-training",
                                          .summary = "Needs something.",
                                          .effect = passes::Effect::lossy,
                                          .needs = kNeeds};
  using Options = passes::NoOptions;
  explicit NeedyPass(Options /*options*/) {}
  Result<passes::Outcome> run(ir::Model& /*model*/, passes::PassContext& /*context*/) {
    return passes::Outcome{};
  }
};

// Adds a constant; then does what `end` says.
struct EditingOptions {
  enum class End : std::uint8_t { well, fail, claim_nothing, break_model, skip };
  End end = End::well;

  static auto fields() {
    return std::tuple{passes::choice("end", &EditingOptions::end, "how it ends",
                                     {{"well", End::well},
                                      {"fail", End::fail},
                                      {"claim-nothing", End::claim_nothing},
                                      {"break-model", End::break_model},
                                      {"skip", End::skip}})};
  }
};

class EditingPass {
 public:
  static constexpr passes::PassInfo kInfo{.name = "edit",
                                          .summary = "Adds a constant.",
                                          .effect = passes::Effect::exact,
                                          .needs = passes::Needs::none};
  using Options = EditingOptions;
  explicit EditingPass(Options options) : end_(options.end) {}

  Result<passes::Outcome> run(ir::Model& model, passes::PassContext& context) {
    using End = EditingOptions::End;
    if (end_ == End::skip) {
      context.skipped_tensor("w", "it is skipped");
      return passes::Outcome{};
    }
    ir::Rewriter edit(model);
    const ir::ValueId added = edit.add_constant("added", ir::Tensor::of<float>({2}, {1, 2}));
    if (end_ == End::fail) return fail(ErrorCode::data, "it failed");
    // Reading a value that comes later is an edit that the rewriter lets pass.
    if (end_ == End::break_model) {
      const ir::Graph& graph = model.graph();
      edit.set_input(graph.nodes().front(), 0, graph.node(graph.nodes().front()).outputs[0]);
    }
    passes::Outcome outcome;
    outcome.changes = end_ == End::claim_nothing ? 0 : 1;
    outcome.statistics = {{"added", static_cast<double>(index_of(added))}};
    return outcome;
  }

 private:
  EditingOptions::End end_;
};

class BoastingPass {
 public:
  static constexpr passes::PassInfo kInfo{.name = "boast",
                                          .summary = "Claims a change.",
                                          .effect = passes::Effect::exact,
                                          .needs = passes::Needs::none};
  using Options = passes::NoOptions;
  explicit BoastingPass(Options /*options*/) {}
  Result<passes::Outcome> run(ir::Model& /*model*/, passes::PassContext& /*context*/) {
    passes::Outcome outcome;
    outcome.changes = 1;
    return outcome;
  }
};

}  // namespace pith::test
