#include "search/plan_search.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "search/sensitivity.h"
#include "search/trials.h"

namespace pith::search {
namespace {

using quantize::RdPlan, quantize::RdQuantizer, quantize::RoundedLayer;

constexpr auto kAnyBytes = std::numeric_limits<std::uint64_t>::max();

// Layers with a smaller share of the bits than this are left to the step of all.
constexpr double kLeastShare = 1e-3;

constexpr double kAnyError = std::numeric_limits<double>::infinity();
constexpr int kMostSharedBits = 4;

class PlanSearch {
 public:
  PlanSearch(const RdQuantizer& quantizer, const ir::Model& base, Judge& judge,
             const std::vector<Budget>& budgets, const SearchOptions& options)
      : quantizer_(quantizer),
        base_(base),
        judge_(judge),
        options_(options),
        trials_(quantizer, base, judge, budgets, {options.keep_going, options.progress}) {}

  Result<Found> run() {
    PITH_TRY(sensitivities_, measure_sensitivities(quantizer_, base_, judge_, [&](std::size_t done) {
               return trials_.step("sensitivities", done, quantizer_.layers().size());
             }));
    RdPlan plan{.distortion = first_distortion(), .lambda = options_.lambda, .layers = {}};
    for (const Sensitivity& layer : sensitivities_) plan.layers.push_back(layer.plan);
    for (std::size_t i = 0; i < plan.layers.size(); ++i) plan.layers[i].trellis = quantizer_.has_trellis(i);
    PITH_CHECK_OK(one_step_for_all(plan));
    // Not even the finest grids of one step a tensor hold: those of a step a channel are finer.
    if (!best().holds && with_rows(plan)) PITH_CHECK_OK(one_step_for_all(plan));
    if (options_.rounds > 0 && best().holds) {
      Candidate before = best();
      PITH_TRY(plan, traded(before));
      PITH_CHECK_OK(one_step_for_all(plan));
      const bool better = forward() > 1 ? best().cost.bytes < before.cost.bytes : true;
      if (!best().holds || !better) trials_.start(std::move(before));
    }
    double factor = 2;
    for (int round = 0; round < options_.rounds && best().holds; ++round) {
      PITH_CHECK_OK(layer_by_layer(factor));
      if (forward() > 1) PITH_CHECK_OK(along_line(1, 8));
      factor = std::sqrt(factor);
    }
    if (options_.rounds > 0 && best().holds) PITH_CHECK_OK(share_layers());
    if (judge_.holds_out()) PITH_CHECK_OK(last_word());
    return result();
  }

 private:
  [[nodiscard]] const Candidate& best() const { return trials_.best(); }

  // At high rate the divergence of all layers together is D times the number of weights; a hundredth of a nat
  // is about half a point of accuracy for models of a few classes.
  [[nodiscard]] double first_distortion() const {
    double weights = 1;
    for (const quantize::Layer& layer : quantizer_.layers())
      weights += static_cast<double>(layer.weights.element_count());
    return 0.01 / weights;
  }

  // Judges the best plan on the samples held out, and where it fails finer ones.
  Result<void> last_word() {
    constexpr int kMostSteps = 3;
    const bool searched = best().holds;
    PITH_CHECK_OK(look());
    double distortion = best().plan.distortion;
    for (int i = 0; i < kMostSteps && searched && !best().holds; ++i) {
      distortion /= 2;
      const Candidate failed = best();
      PITH_TRY(Candidate finer, try_distortion(failed.plan, distortion));
      trials_.start(std::move(finer));
      PITH_CHECK_OK(trials_.confirm());
      if (best().holds) {
        PITH_CHECK_OK(look());
      } else {
        trials_.start(failed);
      }
    }
    return {};
  }

  Result<void> look() {
    PITH_CHECK_OK(trials_.step("samples held out", ++looks_, 0));
    return trials_.judge_held_out();
  }

  Result<Candidate> try_distortion(const RdPlan& plan, double distortion,
                                   std::uint64_t too_many = kAnyBytes) {
    Candidate candidate{.plan = plan, .layers = {}, .cost = {}};
    candidate.plan.distortion = distortion;
    PITH_TRY(candidate.layers, quantizer_.round_all(candidate.plan, options_.threads));
    PITH_CHECK_OK(trials_.measure(candidate, too_many));
    return candidate;
  }

  // Towards fewer bytes when quality is what bounds them, else towards quality.
  [[nodiscard]] double forward() const { return trials_.look_at_quality() ? 2.0 : 0.5; }

  Result<void> one_step_for_all(const RdPlan& plan) {
    constexpr int kMost = 24;  // doublings
    PITH_TRY(Candidate first, try_distortion(plan, plan.distortion));
    trials_.start(std::move(first));
    for (int i = 0; i < kMost && best().holds; ++i) {
      PITH_TRY(Candidate next, try_distortion(plan, best().plan.distortion * forward()));
      if (!next.holds) break;
      trials_.accept(std::move(next));
    }
    PITH_CHECK_OK(trials_.confirm());
    for (int i = 0; i < kMost && !best().holds; ++i) {
      PITH_TRY(Candidate next, try_distortion(plan, best().plan.distortion / forward()));
      trials_.start(std::move(next));
      PITH_CHECK_OK(trials_.confirm());
    }
    if (!best().holds) return {};
    // What lies between the last that holds and well beyond the first that does not.
    return along_line(2, 4, 4);
  }

  // The best plan with its distortion moved forward by so many octaves, or parts of them, the furthest first;
  // the first that holds is the best one from then on. Part number `failed` is known not to hold.
  Result<void> along_line(int octaves, int parts, int failed = 0) {
    const RdPlan plan = best().plan;
    const std::uint64_t too_many = forward() > 1 ? best().cost.bytes : kAnyBytes;
    for (int part = octaves * parts - 1; part > 0; --part) {
      if (part == failed) continue;
      const double distortion = plan.distortion * std::pow(forward(), static_cast<double>(part) / parts);
      PITH_TRY(Candidate candidate, try_distortion(plan, distortion, too_many));
      if (!candidate.holds) continue;
      trials_.accept(std::move(candidate));
      PITH_CHECK_OK(trials_.confirm());
      if (best().plan.distortion == distortion) break;
    }
    return {};
  }

  // The plan whose layers trade bits for divergence at one price: that of doubling the distortion of all. A
  // layer's importance is halved or doubled, or its rows scaled or not, as long as that pays.
  Result<RdPlan> traded(const Candidate& start) {
    RdPlan plan = start.plan;
    std::vector<RoundedLayer> layers = start.layers;
    PITH_TRY(double divergence, judge_.divergence(trials_.model_of(layers)));
    RdPlan coarser = plan;
    coarser.distortion *= 2;
    PITH_TRY(const auto coarser_layers, quantizer_.round_all(coarser, options_.threads));
    PITH_TRY(const double more, judge_.divergence(trials_.model_of(coarser_layers)));
    if (more <= divergence) return plan;
    const double price = (bits_of(layers) - bits_of(coarser_layers)) / (more - divergence);

    std::vector<std::size_t> order = by_bits(layers);
    const double least = bits_of(layers) * kLeastShare;
    std::erase_if(order, [&](std::size_t i) { return layers[i].bits < least; });
    std::size_t done = 0;
    for (const std::size_t i : order) {
      PITH_CHECK_OK(trials_.step("trading bits", ++done, order.size()));
      for (const Move move : {Move::coarser, Move::finer, Move::rows}) {
        while (true) {
          const quantize::LayerPlan before = plan.layers[i];
          if (!apply(move, i, plan.layers[i])) break;
          std::vector<RoundedLayer> trial = layers;
          trial[i] = quantizer_.round(i, plan);
          PITH_TRY(const double other, judge_.divergence(trials_.model_of(trial)));
          const double gain = layers[i].bits - trial[i].bits + price * (divergence - other);
          if (gain <= 0) {
            plan.layers[i] = before;
            break;
          }
          layers = std::move(trial);
          divergence = other;
          if (move == Move::rows) break;
        }
      }
    }
    return plan;
  }

  enum class Move : std::uint8_t { coarser, finer, rows };

  // False where the move means nothing.
  bool apply(Move move, std::size_t layer, quantize::LayerPlan& plan) const {
    if (move != Move::rows) {
      plan.importance *= move == Move::coarser ? 0.5 : 2.0;
      return true;
    }
    if (!quantizer_.has_rows(layer)) return false;
    // Errors of scaled rows are in other units: the same share of the power costs the same.
    plan.importance *= quantizer_.power(layer, plan.scale_rows) / quantizer_.power(layer, !plan.scale_rows);
    plan.scale_rows = !plan.scale_rows;
    return true;
  }

  // Scales the rows of every layer that can; false if that changes nothing.
  bool with_rows(RdPlan& plan) const {
    bool changed = false;
    for (std::size_t i = 0; i < plan.layers.size(); ++i) {
      if (!plan.layers[i].scale_rows) changed = apply(Move::rows, i, plan.layers[i]) || changed;
    }
    return changed;
  }

  static double bits_of(const std::vector<RoundedLayer>& layers) {
    double bits = 0;
    for (const RoundedLayer& layer : layers) bits += layer.bits;
    return bits;
  }

  static std::vector<std::size_t> by_bits(const std::vector<RoundedLayer>& layers) {
    std::vector<std::size_t> order(layers.size());
    std::iota(order.begin(), order.end(), 0);
    std::ranges::stable_sort(order, std::greater{}, [&](std::size_t i) { return layers[i].bits; });
    return order;
  }

  Result<void> layer_by_layer(double factor) {
    if (forward() < 1) return {};
    const std::vector<std::size_t> order = by_bits(best().layers);
    for (const std::size_t i : order) {
      while (true) {
        PITH_TRY(const bool kept, try_layer(i, best().plan.layers[i].importance / factor));
        if (!kept) break;
      }
    }
    return trials_.confirm();
  }

  // Takes the layer's new importance if the budgets hold and bytes are saved.
  Result<bool> try_layer(std::size_t layer, double importance) {
    Candidate candidate{.plan = best().plan, .layers = best().layers, .cost = {}};
    candidate.plan.layers[layer].importance = importance;
    return try_rounded(layer, std::move(candidate));
  }

  // Rounds one layer as the candidate's plan says, and takes the candidate if the budgets hold, at least a
  // thousandth of the bytes is saved, and the layer loses less than `most_error` times what it does now.
  Result<bool> try_rounded(std::size_t layer, Candidate candidate, double most_error = kAnyError) {
    const double all = bits_of(best().layers);
    const RoundedLayer& now = best().layers[layer];
    if (now.bits < all * kLeastShare) return false;
    candidate.layers[layer] = quantizer_.round(layer, candidate.plan);
    const double saved = now.bits - candidate.layers[layer].bits;
    if (saved < now.bits * 0.01 || saved < all * kLeastShare / 2) return false;
    if (candidate.layers[layer].error > most_error * now.error) return false;
    PITH_CHECK_OK(trials_.measure(candidate, best().cost.bytes - best().cost.bytes / 1000));
    if (!candidate.holds) return false;
    trials_.accept(std::move(candidate));
    return true;
  }

  Result<void> share_layers() {
    if (forward() < 1) return {};
    for (const std::size_t i : by_bits(best().layers)) {
      for (int bits = 1; bits <= kMostSharedBits; ++bits) {
        Candidate candidate{.plan = best().plan, .layers = best().layers, .cost = {}};
        candidate.plan.layers[i].shared_bits = bits;
        PITH_TRY(const bool kept, try_rounded(i, std::move(candidate), 2));
        if (kept) break;
      }
    }
    return trials_.confirm();
  }

  Result<Found> result() {
    Found found{.model = trials_.model_of(best().layers),
                .cost = best().cost,
                .holds = best().holds,
                .layers = {},
                .trials = trials_.count(),
                .looks = looks_};
    for (std::size_t i = 0; i < best().layers.size(); ++i) {
      const quantize::Layer& layer = quantizer_.layers()[i];
      found.layers.push_back(
          {.name = layer.name,
           .sensitivity = sensitivities_[i].divergence,
           .bits_per_weight = best().layers[i].bits / static_cast<double>(layer.weights.element_count())});
      LayerDecision& decision = found.layers.back();
      if (const auto* book = std::get_if<ir::Codebook>(&best().layers[i].weight.form)) {
        decision.shared_values = book->centroids.element_count();
        continue;
      }
      const auto& form = std::get<ir::Affine>(best().layers[i].weight.form);
      const auto scales = form.scales.as<float>();
      const double sum = std::accumulate(scales.begin(), scales.end(), 0.0);
      decision.step = sum / static_cast<double>(scales.size());
      decision.channel_scales = scales.size() > 1;
    }
    return found;
  }

  const RdQuantizer& quantizer_;
  const ir::Model& base_;
  Judge& judge_;
  const SearchOptions& options_;
  std::vector<Sensitivity> sensitivities_;
  Trials trials_;
  std::size_t looks_ = 0;
};

}  // namespace

Result<Found> search_plan(const RdQuantizer& quantizer, const ir::Model& base, Judge& judge,
                          const std::vector<Budget>& budgets, const SearchOptions& options) {
  return PlanSearch(quantizer, base, judge, budgets, options).run();
}

}  // namespace pith::search
