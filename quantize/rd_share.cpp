// RdQuantizer's other form of a layer: one codebook.
#include <algorithm>
#include <bit>

#include "quantize/codebook.h"
#include "quantize/rd_quantizer.h"

namespace pith::quantize {
using Eigen::Index;

RoundedLayer RdQuantizer::share(std::size_t index, const RdPlan& plan) const {
  const Layer& layer = layers_[index];
  const MatrixView& view = layer.view;
  const LayerPlan& how = plan.layers.at(index);
  std::vector<Eigen::VectorXd> powers;
  for (const Moments& moments : prepared_[index].moments) powers.emplace_back(moments.second.diagonal());
  Sharing sharing{.bits = how.shared_bits};
  if (!powers.empty()) sharing.importance = importance_of(view, powers);
  SharedValues shared = share_values(layer.weights, {.inner = layer.weights.element_count()}, sharing);
  RoundedLayer result;
  if (rate_ != nullptr) {
    std::vector<std::uint64_t> counts(shared.width);
    for (const std::uint8_t code : shared.codes) ++counts[code];
    const std::vector<float> each = rate_->bits(counts);
    result.bits = 32.0 * static_cast<double>(shared.width);
    for (std::size_t i = 0; i < counts.size(); ++i)
      result.bits += static_cast<double>(counts[i]) * double{each[i]};
  }
  const std::vector<float>& scales = rows_of(index, how.scale_rows).scales;
  std::vector<Matrix> lost;
  for (std::size_t group = 0; group < view.groups; ++group) {
    lost.push_back(weights_of(layer, scales, group));
    for (std::size_t r = 0; r < view.rows; ++r) {
      const float scale = scales.empty() ? 1.0F : scales[group * view.rows + r];
      for (std::size_t c = 0; c < view.columns; ++c) {
        lost[group](static_cast<Index>(r), static_cast<Index>(c)) -=
            shared.centroids[shared.codes[view.at(group, r, c)]] / scale;
      }
    }
  }
  finish(index, plan, lost, result);
  const ir::Shape centroids{1, static_cast<std::int64_t>(shared.width)};
  ir::Codebook form{.centroids = ir::Tensor::of(centroids, std::move(shared.centroids)),
                    .indices = ir::Tensor::of(layer.weights.shape(), std::move(shared.codes)),
                    .axis = {},
                    .bits = std::max(1, static_cast<int>(std::bit_width(shared.width - 1)))};
  result.weight = {ir::DType::float32, layer.weights.shape(), std::move(form), {}};
  return result;
}

}  // namespace pith::quantize
