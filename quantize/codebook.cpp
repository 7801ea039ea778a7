#include "quantize/codebook.h"

#include <algorithm>

#include "quantize/kmeans.h"
#include "quantize/sort.h"

namespace pith::quantize {
namespace {

// The shared values of one slice; writes its codes.
std::vector<float> share_slice(std::span<const float> slice, std::size_t most,
                               std::span<std::uint8_t> codes) {
  std::vector<float> sorted;
  sorted.reserve(slice.size());
  std::ranges::copy_if(slice, std::back_inserter(sorted), [](float weight) { return weight != 0.0F; });
  sort_floats(sorted);
  const bool has_zeros = sorted.size() < slice.size();

  const Clusters clusters = sorted.empty() ? Clusters() : find_clusters(sorted, has_zeros ? most - 1 : most);
  std::vector<float> centroids = clusters.centroids;
  const auto at = std::ranges::lower_bound(centroids, 0.0F);
  const auto zero = static_cast<std::size_t>(at - centroids.begin());
  // A cluster on both sides of zero may have 0.0 as its mean, and then is zero's own.
  const bool inserts = has_zeros && (at == centroids.end() || *at != 0.0F);
  if (inserts) centroids.insert(at, 0.0F);
  std::ranges::transform(slice, codes.begin(), [&](float weight) {
    if (weight == 0.0F) return static_cast<std::uint8_t>(zero);
    const std::size_t cluster = cluster_of(weight, clusters);
    return static_cast<std::uint8_t>(inserts && cluster >= zero ? cluster + 1 : cluster);
  });
  return centroids;
}

}  // namespace

SharedValues share_values(std::span<const float> weights, const ir::AxisView& view, int bits) {
  PITH_ASSERT(!weights.empty() && weights.size() == view.size(), "weights of another shape");
  PITH_ASSERT(bits >= 1 && bits <= 8, "codes of an impossible width");
  SharedValues shared;
  shared.codes.resize(weights.size());
  std::vector<std::vector<float>> tables(view.dim);
  std::vector<float> slice(view.outer * view.inner);
  std::vector<std::uint8_t> codes(slice.size());
  for (std::size_t channel = 0; channel < view.dim; ++channel) {
    const auto start_of = [&](std::size_t outer) { return (outer * view.dim + channel) * view.inner; };
    for (std::size_t outer = 0; outer < view.outer; ++outer) {
      std::ranges::copy(weights.subspan(start_of(outer), view.inner), &slice[outer * view.inner]);
    }
    tables[channel] = share_slice(slice, std::size_t{1} << static_cast<unsigned>(bits), codes);
    shared.width = std::max(shared.width, tables[channel].size());
    for (std::size_t outer = 0; outer < view.outer; ++outer) {
      std::copy_n(&codes[outer * view.inner], view.inner, &shared.codes[start_of(outer)]);
    }
  }
  for (const std::vector<float>& table : tables) {
    shared.centroids.insert(shared.centroids.end(), table.begin(), table.end());
    shared.centroids.insert(shared.centroids.end(), shared.width - table.size(), table.back());
  }
  return shared;
}

}  // namespace pith::quantize
