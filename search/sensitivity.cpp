#include "search/sensitivity.h"

#include <algorithm>
#include <cmath>

namespace pith::search {
namespace {

constexpr double kRelativeStep = 0.25;

struct Trial {
  double divergence = 0;
  double error = 0;
  double bits = 0;
  ir::Model model;  // in which that layer is rounded
};

Result<Trial> try_alone(const quantize::RdQuantizer& quantizer, const ir::Model& base, Judge& judge,
                        std::size_t layer, bool scale_rows) {
  const auto count = static_cast<double>(quantizer.layers()[layer].weights.element_count());
  const double power = quantizer.power(layer, scale_rows);
  quantize::RdPlan plan{.distortion = kRelativeStep * kRelativeStep / 12, .lambda = 0, .layers = {}};
  plan.layers.resize(quantizer.layers().size());
  plan.layers[layer] = {.importance = power > 0 ? count / power : 1, .scale_rows = scale_rows};
  const quantize::RoundedLayer rounded = quantizer.round(layer, plan);
  ir::Model model = base;
  quantizer.apply(model, layer, rounded);
  PITH_TRY(const double divergence, judge.divergence(model));
  return Trial{divergence, rounded.error, rounded.bits, std::move(model)};
}

}  // namespace

Result<std::vector<Sensitivity>> measure_sensitivities(
    const quantize::RdQuantizer& quantizer, const ir::Model& base, Judge& judge,
    const std::function<Result<void>(std::size_t done)>& after_each, bool metric) {
  std::vector<Sensitivity> all(quantizer.layers().size());
  std::vector<double> errors(all.size());
  double mean = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    PITH_TRY(Trial trial, try_alone(quantizer, base, judge, i, false));
    if (quantizer.has_rows(i)) {
      PITH_TRY(Trial other, try_alone(quantizer, base, judge, i, true));
      const auto count = static_cast<double>(quantizer.layers()[i].weights.element_count());
      // Six decibels a bit: what either would diverge by at the other's bits.
      const double gain = (trial.bits - other.bits) / count * 2 * std::log(2.0);
      if (other.divergence < trial.divergence * std::exp(gain)) {
        trial = std::move(other);
        all[i].plan.scale_rows = true;
      }
    }
    all[i].divergence = trial.divergence;
    all[i].bits = trial.bits;
    if (metric) {
      PITH_TRY(all[i].metric, judge.metric(trial.model, Judge::Samples::all));
    }
    errors[i] = trial.error;
    mean += trial.divergence / static_cast<double>(all.size());
    PITH_CHECK_OK(after_each(i + 1));
  }
  for (std::size_t i = 0; i < all.size(); ++i) {
    const double seen = std::max({all[i].divergence, mean * 1e-6, 1e-12});
    all[i].plan.importance = errors[i] > 0 ? seen / errors[i] : 1;
  }
  return all;
}

}  // namespace pith::search
