#include "quantize/share_weights.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <map>

#include "quantize/codebook.h"
#include "quantize/convert_weights.h"
#include "quantize/second_moments.h"

namespace pith::quantize {
namespace {

using Place = std::pair<ir::GraphId, ir::ValueId>;

// How weights are multiplied, and the power of their inputs; only those whose inputs are followed.
struct Inputs {
  MatrixView view;
  std::vector<Eigen::VectorXd> powers;  // of each group
};

Result<std::map<Place, Inputs>> inputs_of_weights(const ir::Model& model, passes::PassContext& context) {
  std::map<Place, Inputs> inputs;
  passes::PassContext scratch = context;  // what find_layers leaves out is not what this pass leaves out
  std::vector<Layer> layers = find_layers(model, scratch);
  std::erase_if(layers, [](const Layer& layer) { return layer.input == ir::kNoValue; });
  PITH_TRY(auto powers, input_powers(model, layers, context));
  for (std::size_t i = 0; i < layers.size(); ++i) {
    if (!powers[i].empty())
      inputs.emplace(Place{layers[i].graph, layers[i].value}, Inputs{layers[i].view, std::move(powers[i])});
  }
  return inputs;
}

}  // namespace

Result<passes::Outcome> ShareWeights::run(ir::Model& model, passes::PassContext& context) const {
  std::map<Place, Inputs> inputs;
  const bool weighs = options_.weighting == Weighting::inputs && context.activations != nullptr;
  if (weighs) {
    PITH_TRY(inputs, inputs_of_weights(model, context));
  } else if (options_.weighting == Weighting::inputs) {
    context.skipped_model("there is no calibration data, so all weights count alike; pass --calib");
  }
  std::atomic<std::size_t> weighted = 0;
  const auto encode = [&](const passes::Weight& weight, const ir::Tensor& dense) -> Encoded {
    std::optional<std::int64_t> axis;
    if (options_.granularity != Granularity::tensor) {
      axis = weight.channel_axis;
      if (!axis)
        return std::unexpected(
            "its readers disagree on which axis is the output channel; use granularity=tensor");
    }
    const ir::AxisView view =
        axis ? ir::view_along(dense.shape(), *axis) : ir::AxisView{.inner = dense.element_count()};
    Sharing sharing{.bits = options_.bits};
    if (options_.granularity == Granularity::group) sharing.group = static_cast<std::size_t>(options_.group);
    const auto found = inputs.find({weight.graph, weight.value});
    if (found != inputs.end()) sharing.importance = importance_of(found->second.view, found->second.powers);
    if (!sharing.importance.empty()) ++weighted;
    SharedValues shared = share_values(dense, view, sharing);
    const ir::Shape centroids{static_cast<std::int64_t>(view.dim), static_cast<std::int64_t>(shared.width)};
    return ir::Codebook{.centroids = ir::Tensor::of(centroids, std::move(shared.centroids)),
                        .indices = ir::Tensor::of(dense.shape(), std::move(shared.codes)),
                        .axis = axis,
                        .bits = std::max(1, static_cast<int>(std::bit_width(shared.width - 1)))};
  };
  PITH_TRY(auto outcome, convert_weights(model, context, encode));
  if (weighs) outcome.statistics.emplace_back("weighted", static_cast<double>(weighted));
  return outcome;
}

}  // namespace pith::quantize
