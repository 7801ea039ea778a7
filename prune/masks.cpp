#include "prune/masks.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "ir/result.h"

namespace pith::prune {
namespace {

constexpr std::size_t kBuckets = std::size_t{1} << 16U;

std::uint32_t bits_of(float score) {
  return std::bit_cast<std::uint32_t>(score);
}

// The bucket that holds the last of the `lowest`, and how many of it belong to them.
struct Position {
  std::uint32_t bucket = 0;
  std::uint64_t inside = 0;
};

Position locate(std::span<const std::uint64_t> histogram, std::uint64_t lowest) {
  std::uint32_t bucket = 0;
  while (lowest > histogram[bucket]) lowest -= histogram[bucket++];
  return {bucket, lowest};
}

}  // namespace

std::uint64_t pruned_count(double sparsity, std::uint64_t count) {
  const double product = sparsity * static_cast<double>(count);
  const double whole = std::nearbyint(product);
  const bool is_whole = std::fabs(product - whole) <= product * 2 * std::numeric_limits<double>::epsilon();
  return std::min(count, static_cast<std::uint64_t>(is_whole ? whole : std::floor(product)));
}

Cut find_cut(std::span<const float> scores, std::uint64_t lowest) {
  PITH_ASSERT(lowest <= scores.size(), "more weights to prune than there are");
  if (lowest == 0) return {};
  std::vector<float> copy(scores.begin(), scores.end());
  const auto last = copy.begin() + static_cast<std::ptrdiff_t>(lowest - 1);
  std::nth_element(copy.begin(), last, copy.end());
  const float score = *last;
  const auto below = std::ranges::count_if(scores, [&](float other) { return other < score; });
  return {score, lowest - static_cast<std::uint64_t>(below)};
}

Cut find_cut(std::size_t parts, const ScoresOf& scores_of, std::uint64_t lowest) {
  if (lowest == 0) return {};
  std::vector<std::uint64_t> histogram(kBuckets);
  std::uint64_t count = 0;
  for (std::size_t part = 0; part < parts; ++part) {
    const auto scores = scores_of(part);
    count += scores.size();
    for (const float score : scores) ++histogram[bits_of(score) >> 16U];
  }
  PITH_ASSERT(lowest <= count, "more weights to prune than there are");
  const Position high = locate(histogram, lowest);

  std::ranges::fill(histogram, 0);
  for (std::size_t part = 0; part < parts; ++part) {
    for (const float score : scores_of(part)) {
      const std::uint32_t bits = bits_of(score);
      if (bits >> 16U == high.bucket) ++histogram[bits & 0xFFFFU];
    }
  }
  const Position low = locate(histogram, high.inside);
  return {std::bit_cast<float>(high.bucket << 16U | low.bucket), low.inside};
}

Mask take_lowest(std::span<const float> scores, Cut& cut) {
  Mask mask(scores.size());
  std::ranges::transform(scores, mask.begin(),
                         [&](float score) { return static_cast<std::uint8_t>(score < cut.score); });
  for (std::size_t i = 0; i < scores.size() && cut.ties > 0; ++i) {
    if (scores[i] != cut.score) continue;
    mask[i] = 1;
    --cut.ties;
  }
  return mask;
}

Mask take_lowest_of_each_slice(std::span<const float> scores, const ir::AxisView& view, double sparsity) {
  if (scores.empty()) return {};
  PITH_ASSERT(scores.size() == view.size(), "scores of another shape");
  Mask mask(scores.size());
  const std::uint64_t lowest = pruned_count(sparsity, view.outer * view.inner);
  std::vector<float> slice(view.outer * view.inner);
  for (std::size_t channel = 0; channel < view.dim; ++channel) {
    const auto start_of = [&](std::size_t outer) { return (outer * view.dim + channel) * view.inner; };
    for (std::size_t outer = 0; outer < view.outer; ++outer) {
      std::ranges::copy(scores.subspan(start_of(outer), view.inner), &slice[outer * view.inner]);
    }
    Cut cut = find_cut(slice, lowest);
    const Mask marked = take_lowest(slice, cut);
    for (std::size_t outer = 0; outer < view.outer; ++outer) {
      std::copy_n(&marked[outer * view.inner], view.inner, &mask[start_of(outer)]);
    }
  }
  return mask;
}

}  // namespace pith::prune
