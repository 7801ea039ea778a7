#include "quantize/affine.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace pith::quantize {
namespace {

// Calls f(start, length, group, stride) for stretches of weights whose groups are `group`,
// `group + stride`, `group + 2 * stride`, ... with a stride of 0 or 1.
template <class F>
void for_each_stretch(const Groups& groups, F f) {
  const ir::AxisView& view = groups.view;
  for (std::size_t outer = 0; outer < view.outer; ++outer) {
    const std::size_t start = outer * view.dim * view.inner;
    if (groups.block == 0 && view.inner == 1) {
      f(start, view.dim, std::size_t{0}, std::size_t{1});
    } else if (groups.block == 0) {
      for (std::size_t i = 0; i < view.dim; ++i) f(start + i * view.inner, view.inner, i, std::size_t{0});
    } else if (view.inner == 1) {
      for (std::size_t i = 0; i < view.dim; i += groups.block) {
        f(start + i, std::min(groups.block, view.dim - i), outer * groups.blocks() + i / groups.block,
          std::size_t{0});
      }
    } else {
      for (std::size_t i = 0; i < view.dim; ++i) {
        f(start + i * view.inner, view.inner, (outer * groups.blocks() + i / groups.block) * view.inner,
          std::size_t{1});
      }
    }
  }
}

// Halves to even, for |x| < 2^22: the sum has no bits left for a fraction. Unlike std::nearbyint,
// compilers vectorize it for every x86-64.
float round_half_even(float x) {
  constexpr float kShift = 0x1.8p23F;
  return (x + kShift) - kShift;
}

}  // namespace

Step fit_step(float low, float high, const Grid& grid) {
  PITH_ASSERT(low <= 0.0F && high >= 0.0F, "a range without zero");
  if (low == high) return {};
  constexpr float kSmallest = std::numeric_limits<float>::min();
  // In double precision: the range of large numbers overflows float32.
  const double range = grid.symmetric ? std::max(-static_cast<double>(low), static_cast<double>(high))
                                      : static_cast<double>(high) - static_cast<double>(low);
  const float scale = std::max(kSmallest, static_cast<float>(range / grid.highest()));
  if (grid.symmetric) return {scale, 0};
  const double zero = std::nearbyint(-static_cast<double>(low) / static_cast<double>(scale));
  return {scale, std::min(static_cast<std::int32_t>(zero), grid.highest())};
}

Steps fit_steps(std::span<const float> weights, const Groups& groups, const Grid& grid) {
  PITH_ASSERT(!weights.empty() && weights.size() == groups.view.size(), "weights of another shape");
  std::vector<float> lows(groups.count(), 0.0F);
  std::vector<float> highs(groups.count(), 0.0F);
  for_each_stretch(groups, [&](std::size_t start, std::size_t length, std::size_t group, std::size_t stride) {
    const auto stretch = weights.subspan(start, length);
    if (stride == 0) {
      const auto [low, high] = std::ranges::minmax(stretch);
      lows[group] = std::min(lows[group], low);
      highs[group] = std::max(highs[group], high);
      return;
    }
    for (std::size_t i = 0; i < length; ++i) {
      lows[group + i] = std::min(lows[group + i], stretch[i]);
      highs[group + i] = std::max(highs[group + i], stretch[i]);
    }
  });

  Steps steps;
  steps.scales.resize(groups.count());
  if (!grid.symmetric) steps.zero_points.resize(groups.count());
  for (std::size_t group = 0; group < groups.count(); ++group) {
    const Step step = fit_step(lows[group], highs[group], grid);
    steps.scales[group] = step.scale;
    if (!grid.symmetric) steps.zero_points[group] = step.zero_point;
  }
  return steps;
}

template <class Code>
std::vector<Code> round_to_grid(std::span<const float> weights, const Groups& groups, const Grid& grid,
                                const Steps& steps) {
  PITH_ASSERT((std::is_same_v<Code, std::int8_t> == grid.symmetric), "codes of another type than the grid's");
  std::vector<float> zeros(steps.zero_points.begin(), steps.zero_points.end());
  zeros.resize(steps.scales.size());
  const auto lowest = static_cast<float>(grid.lowest());
  const auto highest = static_cast<float>(grid.highest());
  std::vector<Code> codes(weights.size());
  const auto round = [&](float weight, float scale, float zero) {
    const float code = round_half_even(weight / scale) + zero;
    return static_cast<Code>(static_cast<std::int32_t>(std::min(std::max(code, lowest), highest)));
  };
  for_each_stretch(groups, [&](std::size_t start, std::size_t length, std::size_t group, std::size_t stride) {
    const float* from = &weights[start];
    Code* to = &codes[start];
    const float* scale = &steps.scales[group];
    const float* zero = &zeros[group];
    if (stride == 0) {
      for (std::size_t i = 0; i < length; ++i) to[i] = round(from[i], *scale, *zero);
    } else {
      for (std::size_t i = 0; i < length; ++i) to[i] = round(from[i], scale[i], zero[i]);
    }
  });
  return codes;
}

template std::vector<std::int8_t> round_to_grid(std::span<const float>, const Groups&, const Grid&,
                                                const Steps&);
template std::vector<std::uint8_t> round_to_grid(std::span<const float>, const Groups&, const Grid&,
                                                 const Steps&);

}  // namespace pith::quantize
