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

// Weights that are looked at together: a large tensor is never in memory beside what is made of it.
constexpr std::uint64_t kRange = std::uint64_t{1} << 20;

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
  const bool finite =
      std::ranges::all_of(dense.as<float>(), [](float value) { return std::isfinite(value); });
  ir::release(constant);
  return finite ? "" : "it has NaN or infinite values";
}

// Ranks and cuts the weights of one run. Holds the scores of one weight at a time.
class Selector {
 public:
  Selector(const ir::Model& model, const std::vector<Weight>& weights, const Prune::Options& options)
      : model_(model), weights_(weights), options_(options), criterion_(make_criterion(options.criterion)) {
    if (options.scope != Prune::Scope::global) return;
    std::uint64_t count = 0;
    for (const Weight& weight : weights) count += ir::element_count(constant_of(model, weight).shape).value();
    global_cut_ = find_cut(
        weights.size(), [&](std::size_t i) { return score(i); }, pruned_count(options.sparsity, count));
  }

  // To be called for each weight once, in order. The scores are gone when it returns: they take as much
  // memory as the weight.
  Mask mask(std::size_t index) {
    Mask marked = mask_of(index, score(index));
    std::vector<float>().swap(scores_);  // = {} would keep the memory
    return marked;
  }

 private:
  Mask mask_of(std::size_t index, std::span<const float> scores) {
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

  std::span<const float> score(std::size_t index) {
    const ir::Constant& constant = constant_of(model_, weights_[index]);
    const std::uint64_t count = ir::element_count(constant.shape).value();
    scores_.resize(count);
    for (std::uint64_t first = 0; first < count; first += kRange) {
      const ir::Tensor part = to_dense(constant, first, std::min(kRange, count - first));
      criterion_->score(part.as<float>(), std::span(scores_).subspan(first, part.element_count()));
      part.buffer().release();
    }
    return scores_;
  }

  const ir::Model& model_;
  const std::vector<Weight>& weights_;
  Prune::Options options_;
  std::unique_ptr<const Criterion> criterion_;
  std::vector<float> scores_;
  Cut global_cut_;
};

struct Pruned {
  std::vector<float> values;
  std::uint64_t zeros_before = 0;
  std::uint64_t zeros_after = 0;
  bool changed = false;  // a marked weight was not +0.0 yet
};

Pruned prune_by(const Mask& mask, const ir::Constant& constant) {
  Pruned pruned;
  pruned.values.resize(mask.size());
  for (std::uint64_t first = 0; first < mask.size(); first += kRange) {
    const ir::Tensor part = to_dense(constant, first, std::min<std::uint64_t>(kRange, mask.size() - first));
    const auto before = part.as<float>();
    for (std::size_t i = 0; i < before.size(); ++i) {
      const bool marked = mask[first + i] != 0;
      const float after = marked ? 0.0F : before[i];
      pruned.values[first + i] = after;
      pruned.zeros_before += before[i] == 0.0F ? 1U : 0U;
      pruned.zeros_after += after == 0.0F ? 1U : 0U;
      pruned.changed = pruned.changed || (marked && std::bit_cast<std::uint32_t>(before[i]) != 0);
    }
    part.buffer().release();
  }
  return pruned;
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
    Pruned pruned = prune_by(selector.mask(i), constant_of(model, weights[i]));
    count += pruned.values.size();
    zeros_before += pruned.zeros_before;
    zeros_after += pruned.zeros_after;
    if (!pruned.changed) continue;
    const ir::Shape shape = constant_of(model, weights[i]).shape;
    ir::Rewriter(model, weights[i].graph)
        .set_constant(weights[i].value, ir::Constant::dense(ir::Tensor::of(shape, std::move(pruned.values))));
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
