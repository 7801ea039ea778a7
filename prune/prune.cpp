#include "prune/prune.h"

#include <fmt/core.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <memory>

#include "ir/rewriter.h"
#include "passes/weights.h"
#include "prune/criteria/magnitude.h"
#include "prune/masks.h"

namespace pith::prune {
namespace {

using passes::Weight;

std::unique_ptr<const Criterion> make_criterion(Prune::CriterionKind kind) {
  switch (kind) {
    case Prune::CriterionKind::magnitude:
      return std::make_unique<const Magnitude>();
  }
  throw InternalError("an unknown criterion");
}

const ir::Constant& constant_of(const ir::Model& model, const Weight& weight) {
  return *model.graph(weight.graph).value(weight.value).constant;
}

// Why the weight cannot be pruned; empty when it can.
std::string refusal(const ir::Constant& constant, const Weight& weight, Prune::Scope scope) {
  if (!std::holds_alternative<ir::Dense>(constant.form) && !std::holds_alternative<ir::Sparse>(constant.form))
    return fmt::format("its form is {}; prune before quantizing", form_name(constant.form));
  if (scope == Prune::Scope::channel && !weight.channel_axis)
    return "its readers disagree on which axis is the output channel; use scope=layer";
  const ir::Tensor dense = to_dense(constant);
  if (!std::ranges::all_of(dense.as<float>(), [](float value) { return std::isfinite(value); }))
    return "it has NaN or infinite values";
  return {};
}

// Ranks and cuts the weights of one run. Holds the scores of one weight at a time.
class Selector {
 public:
  Selector(const ir::Model& model, const std::vector<Weight>& weights, const Prune::Options& options)
      : model_(model), weights_(weights), options_(options), criterion_(make_criterion(options.criterion)) {
    if (options.scope != Prune::Scope::global) return;
    std::uint64_t count = 0;
    for (const Weight& weight : weights) count += to_dense(constant_of(model, weight)).element_count();
    global_cut_ = find_cut(
        weights.size(), [&](std::size_t i) { return score(i); }, pruned_count(options.sparsity, count));
  }

  // To be called for each weight once, in order.
  Mask mask(std::size_t index) {
    const auto scores = score(index);
    switch (options_.scope) {
      case Prune::Scope::layer: {
        Cut cut =
            find_cut(1, [&](std::size_t) { return scores; }, pruned_count(options_.sparsity, scores.size()));
        return take_lowest(scores, cut);
      }
      case Prune::Scope::channel: {
        const Weight& weight = weights_[index];
        const ir::AxisView view =
            ir::view_along(constant_of(model_, weight).shape, weight.channel_axis.value());
        return take_lowest_of_each_slice(scores, view, options_.sparsity);
      }
      case Prune::Scope::global:
        return take_lowest(scores, global_cut_);
    }
    throw InternalError("an unknown scope");
  }

 private:
  std::span<const float> score(std::size_t index) {
    const ir::Tensor dense = to_dense(constant_of(model_, weights_[index]));
    scores_.resize(dense.element_count());
    criterion_->score(dense.as<float>(), scores_);
    return scores_;
  }

  const ir::Model& model_;
  const std::vector<Weight>& weights_;
  Prune::Options options_;
  std::unique_ptr<const Criterion> criterion_;
  std::vector<float> scores_;
  Cut global_cut_;
};

std::uint64_t zeros_in(std::span<const float> values) {
  return static_cast<std::uint64_t>(std::ranges::count(values, 0.0F));
}

// True when a marked weight is not +0.0 yet.
bool changes(std::span<const float> values, const Mask& mask) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (mask[i] != 0 && std::bit_cast<std::uint32_t>(values[i]) != 0) return true;
  }
  return false;
}

}  // namespace

Result<passes::Outcome> Prune::run(ir::Model& model, passes::PassContext& context) const {
  std::vector<Weight> weights;
  for (const Weight& weight : passes::select_weights(model, context)) {
    PITH_CHECK_OK(context.keep_going());
    std::string reason = refusal(constant_of(model, weight), weight, options_.scope);
    if (reason.empty()) {
      weights.push_back(weight);
    } else {
      context.skipped_tensor(weight.name, std::move(reason));
    }
  }

  passes::Outcome outcome;
  std::uint64_t count = 0;
  std::uint64_t zeros_before = 0;
  std::uint64_t zeros_after = 0;
  Selector selector(model, weights, options_);
  for (std::size_t i = 0; i < weights.size(); ++i) {
    PITH_CHECK_OK(context.keep_going());
    const ir::Tensor dense = to_dense(constant_of(model, weights[i]));
    const auto before = dense.as<float>();
    const Mask mask = selector.mask(i);
    count += before.size();
    zeros_before += zeros_in(before);
    if (!changes(before, mask)) {
      zeros_after += zeros_in(before);
      continue;
    }
    std::vector<float> after(before.size());
    std::ranges::transform(before, mask, after.begin(),
                           [](float value, std::uint8_t marked) { return marked != 0 ? 0.0F : value; });
    zeros_after += zeros_in(after);
    ir::Rewriter(model, weights[i].graph)
        .set_constant(weights[i].value, ir::Constant::dense(ir::Tensor::of(dense.shape(), std::move(after))));
    ++outcome.changes;
  }
  const double sparsity = count == 0 ? 0.0 : static_cast<double>(zeros_after) / static_cast<double>(count);
  outcome.statistics = {{"weights", static_cast<double>(count)},
                        {"zeros_before", static_cast<double>(zeros_before)},
                        {"zeros_after", static_cast<double>(zeros_after)},
                        {"sparsity", sparsity}};
  return outcome;
}

}  // namespace pith::prune
