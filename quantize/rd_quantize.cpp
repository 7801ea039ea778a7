#include "quantize/rd_quantize.h"

#include <cmath>

#include "quantize/rd_quantizer.h"

namespace pith::quantize {

Result<passes::Outcome> RdQuantize::run(ir::Model& model, passes::PassContext& context) const {
  PITH_TRY(const RdQuantizer quantizer, RdQuantizer::prepare(model, context));
  if (context.activations == nullptr && !quantizer.layers().empty()) {
    context.skipped_model("without calibration data all inputs count alike; pass --calib");
  }
  if (context.rate == nullptr) context.skipped_model("no coder says what codes cost, so bits count nothing");
  const bool scale_rows = options_.granularity == Granularity::channel;
  RdPlan plan{.distortion = options_.step * options_.step / 12, .lambda = options_.lambda, .layers = {}};
  double weights = 0;
  for (std::size_t i = 0; i < quantizer.layers().size(); ++i) {
    const auto count = static_cast<double>(quantizer.layers()[i].weights.element_count());
    const double power = quantizer.power(i, scale_rows);
    weights += count;
    plan.layers.push_back({.importance = power > 0 ? count / power : 1,
                           .scale_rows = scale_rows,
                           .trellis = options_.trellis && quantizer.has_trellis(i)});
  }
  PITH_TRY(const auto rounded, quantizer.round_all(plan, context.threads));
  passes::Outcome outcome;
  double bits = 0;
  double noise = 0;
  for (std::size_t i = 0; i < rounded.size(); ++i) {
    quantizer.apply(model, i, rounded[i]);
    bits += rounded[i].bits;
    noise += rounded[i].error * plan.layers[i].importance;
    ++outcome.changes;
  }
  outcome.statistics = {{"weights", weights}, {"bits_per_weight", weights > 0 ? bits / weights : 0}};
  if (noise > 0) outcome.statistics.emplace_back("sqnr_db", 10 * std::log10(weights / noise));
  return outcome;
}

}  // namespace pith::quantize
