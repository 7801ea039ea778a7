#include "quantize/window.h"

#include <algorithm>
#include <string>
#include <string_view>

namespace pith::quantize {

namespace {

using Ints = std::vector<std::int64_t>;

Ints ints(const ir::Node& node, std::string_view name, const Ints& standard) {
  const Ints* given = node.find<Ints>(name);
  return given != nullptr ? *given : standard;
}

}  // namespace

std::optional<Windows> Windows::of(const ir::Node& conv, const ir::Shape& input,
                                   const std::vector<std::int64_t>& kernel) {
  const std::size_t rank = kernel.size();
  if (input.size() != rank + 2) return std::nullopt;
  const Ints strides = ints(conv, "strides", Ints(rank, 1));
  const Ints dilations = ints(conv, "dilations", Ints(rank, 1));
  const Ints pads = ints(conv, "pads", Ints(2 * rank, 0));
  if (strides.size() != rank || dilations.size() != rank || pads.size() != 2 * rank) return std::nullopt;
  const auto* given = conv.find<std::string>("auto_pad");
  const std::string automatic = given != nullptr ? *given : "NOTSET";
  Windows windows;
  windows.count_ = 1;
  for (std::size_t i = 0; i < rank; ++i) {
    Axis axis{input[i + 2], kernel[i], strides[i], dilations[i], pads[i], 0};
    if (axis.stride < 1 || axis.dilation < 1 || axis.kernel < 1 || axis.size < 1) return std::nullopt;
    const std::int64_t reach = (axis.kernel - 1) * axis.dilation + 1;
    std::int64_t padded = axis.size + pads[i] + pads[i + rank];
    if (automatic == "VALID") {
      axis.begin = 0;
      padded = axis.size;
    } else if (automatic.starts_with("SAME")) {
      const std::int64_t outputs = (axis.size + axis.stride - 1) / axis.stride;
      const std::int64_t total = std::max<std::int64_t>(0, (outputs - 1) * axis.stride + reach - axis.size);
      axis.begin = automatic == "SAME_LOWER" ? (total + 1) / 2 : total / 2;
      padded = axis.size + total;
    }
    if (padded < reach) return std::nullopt;
    axis.outputs = (padded - reach) / axis.stride + 1;
    windows.count_ *= static_cast<std::size_t>(axis.outputs);
    windows.plane_ *= static_cast<std::size_t>(axis.size);
    windows.axes_.push_back(axis);
  }
  return windows;
}

void Windows::copy(const float* sample, std::size_t index, std::size_t first, std::size_t channels,
                   float* row, std::size_t stride) const {
  std::vector<std::int64_t> corner(axes_.size());
  for (std::size_t i = axes_.size(); i-- > 0;) {
    const auto outputs = static_cast<std::size_t>(axes_[i].outputs);
    corner[i] = static_cast<std::int64_t>(index % outputs) * axes_[i].stride - axes_[i].begin;
    index /= outputs;
  }
  std::vector<std::int64_t> tap(axes_.size());
  for (std::size_t channel = first; channel < first + channels; ++channel) {
    const float* plane = sample + channel * plane_;
    std::ranges::fill(tap, 0);
    while (true) {
      std::int64_t offset = 0;
      bool inside = true;
      for (std::size_t i = 0; i < axes_.size(); ++i) {
        const std::int64_t at = corner[i] + tap[i] * axes_[i].dilation;
        inside = inside && at >= 0 && at < axes_[i].size;
        offset = offset * axes_[i].size + at;
      }
      *row = inside ? plane[offset] : 0;
      row += stride;
      std::size_t i = axes_.size();
      while (i > 0 && ++tap[i - 1] == axes_[i - 1].kernel) tap[--i] = 0;
      if (i == 0) break;
    }
  }
}

}  // namespace pith::quantize
