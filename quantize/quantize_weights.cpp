#include "quantize/quantize_weights.h"

#include <algorithm>

#include "quantize/affine.h"
#include "quantize/convert_weights.h"

namespace pith::quantize {
namespace {

using Granularity = QuantizeWeights::Granularity;

std::optional<std::int64_t> axis_for(const passes::Weight& weight, Granularity granularity) {
  switch (granularity) {
    case Granularity::tensor:
      return 0;
    case Granularity::channel:
      return weight.channel_axis;
    case Granularity::block:
      return weight.input_axis;
  }
  throw InternalError("an unknown granularity");
}

ir::Shape scales_shape(const ir::Shape& shape, std::int64_t axis, const Groups& groups,
                       Granularity granularity) {
  if (granularity == Granularity::tensor) return {};
  const auto at = static_cast<std::size_t>(axis);
  if (granularity == Granularity::channel) return {shape[at]};
  ir::Shape scales = shape;
  scales[at] = static_cast<std::int64_t>(groups.blocks());
  return scales;
}

}  // namespace

Result<passes::Outcome> QuantizeWeights::run(ir::Model& model, passes::PassContext& context) const {
  const Grid grid{.bits = options_.bits, .symmetric = options_.symmetric};
  const auto encode = [&](const passes::Weight& weight, const ir::Tensor& dense) -> Encoded {
    const auto axis = axis_for(weight, options_.granularity);
    if (!axis) {
      return std::unexpected(
          "its readers disagree on which axis is the output channel; use granularity=tensor");
    }
    Groups groups{.view = ir::view_along(dense.shape(), *axis)};
    if (options_.granularity == Granularity::tensor) groups.view = {.inner = dense.element_count()};
    if (options_.granularity == Granularity::block) groups.block = static_cast<std::size_t>(options_.block);

    const auto weights = dense.as<float>();
    Steps steps = fit_steps(weights, groups, grid);
    ir::Affine form;
    form.codes =
        grid.symmetric
            ? ir::Tensor::of(dense.shape(), round_to_grid<std::int8_t>(weights, groups, grid, steps))
            : ir::Tensor::of(dense.shape(), round_to_grid<std::uint8_t>(weights, groups, grid, steps));
    form.scales = ir::Tensor::of(scales_shape(dense.shape(), *axis, groups, options_.granularity),
                                 std::move(steps.scales));
    form.zero_points = std::move(steps.zero_points);
    form.axis = *axis;
    form.block = static_cast<std::int64_t>(groups.block);
    form.bits = grid.bits;
    return form;
  };
  return convert_weights(model, context, encode);
}

}  // namespace pith::quantize
