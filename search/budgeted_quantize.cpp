#include "search/budgeted_quantize.h"

#include <fmt/core.h>

#include "quantize/rd_quantize.h"

namespace pith::search {

const passes::PassInfo& BudgetedQuantize::info() const {
  return quantize::RdQuantize::kInfo;
}

std::vector<passes::Setting> BudgetedQuantize::settings() const {
  return {{"lambda", fmt::format("{}", lambda_)}};
}

Result<passes::Outcome> BudgetedQuantize::run(ir::Model& model, passes::PassContext& context) {
  PITH_TRY(const auto quantizer, quantize::RdQuantizer::prepare(model, context));
  if (quantizer.layers().empty()) {
    return fail(ErrorCode::model, "there is no weight that rd-quantize can round, so no budget can be met",
                "pith compress -v --pipeline rd-quantize lists the reasons");
  }
  SearchOptions options = options_;
  options.lambda = lambda_;
  options.threads = context.threads;
  options.keep_going = [&] { return context.keep_going(); };
  PITH_TRY(Found found, search_plan(quantizer, model, judge_, budgets_, options));
  model = found.model;
  passes::Outcome outcome;
  outcome.changes = found.layers.size();
  outcome.statistics = {{"trials", static_cast<double>(found.trials)}};
  found_ = std::move(found);
  return outcome;
}

}  // namespace pith::search
