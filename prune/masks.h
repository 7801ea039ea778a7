// Which weights become zero, given their scores: exactly so many of the lowest,
// and of equal scores those that come first.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "ir/axis_view.h"

namespace pith::prune {

// One byte a weight; 1: it becomes zero.
using Mask = std::vector<std::uint8_t>;

// floor(sparsity * count) for a sparsity in 0..1. A product that is a whole number but for the rounding
// of the decimal counts as whole: 0.29 of 100 are 29.
[[nodiscard]] std::uint64_t pruned_count(double sparsity, std::uint64_t count);

// Where the lowest scores end: they are all that are below `score`, and the first `ties` that equal it.
struct Cut {
  float score = 0.0F;
  std::uint64_t ties = 0;
  bool operator==(const Cut&) const = default;
};

// The cut below which `lowest` (at most scores.size()) of the scores lie. Copies the scores: for slices.
[[nodiscard]] Cut find_cut(std::span<const float> scores, std::uint64_t lowest);

// The same over many parts at once, without holding more than one of them: each part is asked for twice,
// in order. Scores are finite, not negative, and not -0.0, so that their bit patterns order as they do.
using ScoresOf = std::function<std::span<const float>(std::size_t part)>;
[[nodiscard]] Cut find_cut(std::size_t parts, const ScoresOf& scores_of, std::uint64_t lowest);

// Marks what the cut takes of these scores, and takes the equal scores that it used off cut.ties, so that
// the next part goes on from there.
[[nodiscard]] Mask take_lowest(std::span<const float> scores, Cut& cut);

// Marks pruned_count(sparsity, slice size) of the lowest in each slice of the middle axis.
[[nodiscard]] Mask take_lowest_of_each_slice(std::span<const float> scores, const ir::AxisView& view,
                                             double sparsity);

}  // namespace pith::prune
