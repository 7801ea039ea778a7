#include "quantize/share_weights.h"

#include <algorithm>
#include <bit>

#include "quantize/codebook.h"
#include "quantize/convert_weights.h"

namespace pith::quantize {

Result<passes::Outcome> ShareWeights::run(ir::Model& model, passes::PassContext& context) const {
  const auto encode = [&](const passes::Weight& weight, const ir::Tensor& dense) -> Encoded {
    std::optional<std::int64_t> axis;
    if (options_.granularity == Granularity::channel) {
      axis = weight.channel_axis;
      if (!axis)
        return std::unexpected(
            "its readers disagree on which axis is the output channel; use granularity=tensor");
    }
    const ir::AxisView view =
        axis ? ir::view_along(dense.shape(), *axis) : ir::AxisView{.inner = dense.element_count()};
    SharedValues shared = share_values(dense, view, options_.bits);
    const ir::Shape centroids{static_cast<std::int64_t>(view.dim), static_cast<std::int64_t>(shared.width)};
    return ir::Codebook{.centroids = ir::Tensor::of(centroids, std::move(shared.centroids)),
                        .indices = ir::Tensor::of(dense.shape(), std::move(shared.codes)),
                        .axis = axis,
                        .bits = std::max(1, static_cast<int>(std::bit_width(shared.width - 1)))};
  };
  return convert_weights(model, context, encode);
}

}  // namespace pith::quantize
