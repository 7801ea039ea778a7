#include "cli/budgets.h"

#include <fmt/core.h>

#include <algorithm>

#include "quantize/rd_quantize.h"

namespace pith::cli {

Result<Budgets> Budgets::parse(const Args& args, const passes::Pipeline& pipeline) {
  Budgets budgets;
  for (const std::string& text : args.budgets) {
    PITH_TRY(search::Budget budget, search::Budget::parse(text));
    budgets.budgets_.push_back(std::move(budget));
  }
  if (args.holdout && !budgets.any()) {
    return fail(ErrorCode::usage, "--holdout keeps samples out of a search, and nothing is searched for",
                "pass --budget, as in --budget drop=0.5pt");
  }
  if (args.holdout && args.eval.empty()) {
    return fail(ErrorCode::usage, "--holdout keeps labelled samples out of the search, and there are none",
                "pass --eval DATA");
  }
  if (!budgets.any()) return budgets;
  if (args.calib.empty()) {
    return fail(ErrorCode::usage, "--budget needs data to calibrate on",
                "pass --calib DATA; labels are not needed");
  }
  const auto name = [](const auto& pass) { return pass->info().name; };
  const auto found = std::ranges::find(pipeline.passes(), quantize::RdQuantize::kInfo.name, name);
  if (found == pipeline.passes().end()) {
    return fail(ErrorCode::usage, "the pipeline has no rd-quantize, which is what --budget tunes",
                "add rd-quantize, or leave out --pipeline");
  }
  budgets.remembers_ = !args.no_cache;
  budgets.index_ = static_cast<std::size_t>(found - pipeline.passes().begin());
  return budgets;
}

Result<void> Budgets::install(Ui& ui, Candidates::Calibration calibration, const ModelFile& original,
                              Evaluation& evaluation, const passes::PassContext& context, ModelFormat format,
                              passes::Pipeline& pipeline) {
  PITH_TRY(candidates_, Candidates::make(std::move(calibration), original, evaluation,
                                         {pipeline, index_ + 1, context, format},
                                         remembers_ ? measurement_folder() : std::filesystem::path()));
  PITH_TRY(const auto given,
           passes::parse_options<quantize::RdQuantize::Options>(pipeline.passes()[index_]->settings()));
  search::SearchOptions options;
  options.progress = [&ui](const std::string& stage, std::size_t done, std::size_t total) {
    if (done <= 1) ui.progress.stage(stage);
    ui.progress.update(done, total);
  };
  auto pass =
      std::make_unique<search::BudgetedQuantize>(*candidates_, budgets_, given.lambda, std::move(options));
  search_ = pass.get();
  pipeline.replace(index_, std::move(pass));
  return {};
}

bool Budgets::judge(report::CompressReport& report) const {
  search::Cost cost{.bytes = report.after.bytes, .original_bytes = report.before.bytes};
  if (report.quality) {
    cost.metric = report.quality->after;
    cost.original_metric = report.quality->before.value_or(1);
    cost.higher_is_better = report.quality->higher_is_better;
  }
  bool all = true;
  for (const search::Budget& budget : budgets_) {
    const bool held = search::holds(budget, cost);
    report.budgets.push_back({budget.text, held});
    all = all && held;
  }
  if (search_ == nullptr || !search_->found()) return all;
  for (const search::LayerDecision& layer : search_->found()->layers) {
    const std::string form =
        layer.shared_values > 0
            ? fmt::format("{} shared values", layer.shared_values)
            : fmt::format("step {:.4g}{}", layer.step, layer.channel_scales ? " with a scale a channel" : "");
    report.layers.push_back({layer.name, layer.sensitivity,
                             fmt::format("{}, {:.2f} bits a weight", form, layer.bits_per_weight)});
  }
  report.trials = search_->found()->trials;
  if (report.holdout) report.holdout->looks = search_->found()->looks;
  return all;
}

}  // namespace pith::cli
