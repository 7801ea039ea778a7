// --budget: the search in the place of rd-quantize, and whether what ships holds.
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "cli/candidates.h"
#include "search/budgeted_quantize.h"

namespace pith::cli {

// What runs when budgets are given and neither a pipeline nor a preset.
inline constexpr std::string_view kBudgetPipeline =
    "strip-training, eliminate-identity, remove-dead-values, fold-batch-norm, merge-equal-constants, "
    "rd-quantize, "
    "entropy-code";

// The part of it that weights go through before they are rounded.
inline constexpr std::string_view kBeforeRounding =
    kBudgetPipeline.substr(0, kBudgetPipeline.find(", rd-quantize"));

class Budgets {
 public:
  // Refuses budgets that cannot be read, and (ErrorCode::usage) budgets without --calib or without an
  // rd-quantize in the pipeline, and --holdout without --budget or --eval.
  [[nodiscard]] static Result<Budgets> parse(const Args& args, const passes::Pipeline& pipeline);

  [[nodiscard]] bool any() const { return !budgets_.empty(); }

  // Puts the search into the pipeline. What is given by reference must outlive the pipeline's run.
  [[nodiscard]] Result<void> install(Ui& ui, Candidates::Calibration calibration, const ModelFile& original,
                                     Evaluation& evaluation, const passes::PassContext& context,
                                     ModelFormat format, passes::Pipeline& pipeline);

  // Adds budgets and layers to the report, and how often held-out samples were looked at. The report's sizes
  // and quality are those of what ships. False when a budget does not hold.
  [[nodiscard]] bool judge(report::CompressReport& report) const;

 private:
  std::vector<search::Budget> budgets_;
  std::size_t index_ = 0;  // of rd-quantize in the pipeline
  bool remembers_ = true;  // measurements, from run to run
  std::unique_ptr<Candidates> candidates_;
  const search::BudgetedQuantize* search_ = nullptr;  // the pipeline's
};

}  // namespace pith::cli
