#include "search/trials.h"

#include <algorithm>
#include <utility>

namespace pith::search {
namespace {

bool is_of_quality(const Budget& budget) {
  return budget.kind == Budget::Kind::drop || budget.kind == Budget::Kind::metric;
}

}  // namespace

Result<void> Trials::step(const std::string& stage, std::size_t done, std::size_t total) const {
  if (hooks_.progress) hooks_.progress(stage, done, total);
  return hooks_.keep_going ? hooks_.keep_going() : Result<void>();
}

ir::Model Trials::model_of(const std::vector<quantize::RoundedLayer>& layers) const {
  ir::Model model = base_;
  for (std::size_t i = 0; i < layers.size(); ++i) quantizer_.apply(model, i, layers[i]);
  return model;
}

bool Trials::look_at_quality() const {
  return std::ranges::any_of(budgets_, is_of_quality);
}

Result<void> Trials::take_metric(Candidate& candidate, Judge::Samples samples) {
  PITH_TRY(const Judge::Measured measured, judge_.metric(model_of(candidate.layers), samples));
  candidate.cost.metric = measured.metric;
  candidate.cost.original_metric = measured.original;
  candidate.cost.higher_is_better = measured.higher_is_better;
  candidate.on_all = candidate.on_all || !measured.estimated;
  candidate.holds =
      std::ranges::all_of(budgets_, [&](const Budget& budget) { return holds(budget, candidate.cost); });
  return {};
}

Result<void> Trials::measure(Candidate& candidate, std::uint64_t too_many) {
  ++count_;
  PITH_CHECK_OK(step("trials", count_, 0));
  PITH_TRY(candidate.cost.bytes, judge_.bytes(model_of(candidate.layers)));
  candidate.cost.original_bytes = judge_.original_bytes();
  candidate.holds =
      candidate.cost.bytes < too_many &&
      std::ranges::all_of(
          budgets_,
          [&](const Budget& budget) { return is_of_quality(budget) || holds(budget, candidate.cost); });
  if (!candidate.holds || !look_at_quality()) return {};  // size alone does not need the model to run
  return take_metric(candidate, Judge::Samples::some);
}

void Trials::start(Candidate candidate) {
  best_ = std::move(candidate);
  before_.clear();
}

void Trials::accept(Candidate candidate) {
  PITH_ASSERT(candidate.holds, "a candidate that does not hold");
  if (best_.holds) before_.push_back(std::move(best_));
  best_ = std::move(candidate);
}

Result<void> Trials::confirm() {
  while (best_.holds && !best_.on_all) {
    PITH_CHECK_OK(take_metric(best_, Judge::Samples::all));
    best_.on_all = true;
    // Estimates start from this one now, so they are better than those that led here.
    while (!best_.holds && !before_.empty()) {
      best_ = std::move(before_.back());
      before_.pop_back();
      if (!best_.on_all) PITH_CHECK_OK(take_metric(best_, Judge::Samples::some));
    }
  }
  before_.clear();
  return {};
}

Result<void> Trials::judge_held_out() {
  PITH_CHECK_OK(take_metric(best_, Judge::Samples::held_out));
  return {};
}

}  // namespace pith::search
