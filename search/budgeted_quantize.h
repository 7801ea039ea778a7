// rd-quantize under budgets: the search stands in the pipeline where the pass stood.
#pragma once

#include <optional>

#include "passes/pipeline.h"
#include "search/plan_search.h"

namespace pith::search {

class BudgetedQuantize final : public passes::Pass {
 public:
  // `judge` must outlive this; options.lambda, keep_going and threads are those of the pass and its context.
  BudgetedQuantize(Judge& judge, std::vector<Budget> budgets, double lambda, SearchOptions options)
      : judge_(judge), budgets_(std::move(budgets)), lambda_(lambda), options_(std::move(options)) {}

  [[nodiscard]] const passes::PassInfo& info() const override;
  [[nodiscard]] std::vector<passes::Setting> settings() const override;
  Result<passes::Outcome> run(ir::Model& model, passes::PassContext& context) override;

  // What the run found; nullopt before it.
  [[nodiscard]] const std::optional<Found>& found() const { return found_; }

 private:
  Judge& judge_;
  std::vector<Budget> budgets_;
  double lambda_;
  SearchOptions options_;
  std::optional<Found> found_;
};

}  // namespace pith::search
