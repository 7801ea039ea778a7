#include "quantize/kmeans.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "ir/result.h"

namespace pith::quantize {
namespace {

// Sums of ranges from sums of blocks. Unlike differences of running sums, they lose nothing when
// numbers of very different size stand next to each other.
class RangeSums {
 public:
  // Of the values, or where there are factors of the products.
  RangeSums(std::span<const float> values, std::span<const float> factors)
      : values_(values), factors_(factors) {
    for (std::size_t start = 0; start < values.size(); start += kBlock)
      blocks_.push_back(plain_sum(start, std::min(start + kBlock, values.size())));
  }

  [[nodiscard]] double sum(std::size_t begin, std::size_t end) const {
    const std::size_t first_block = (begin + kBlock - 1) / kBlock;
    const std::size_t last_block = end / kBlock;
    if (first_block >= last_block) return plain_sum(begin, end);
    const auto from = blocks_.begin() + static_cast<std::ptrdiff_t>(first_block);
    const auto to = blocks_.begin() + static_cast<std::ptrdiff_t>(last_block);
    return plain_sum(begin, first_block * kBlock) + std::accumulate(from, to, 0.0) +
           plain_sum(last_block * kBlock, end);
  }

 private:
  static constexpr std::size_t kBlock = 1024;

  [[nodiscard]] double plain_sum(std::size_t begin, std::size_t end) const {
    const auto range = values_.subspan(begin, end - begin);
    if (factors_.empty()) return std::accumulate(range.begin(), range.end(), 0.0);
    const auto product = [](float a, float b) { return static_cast<double>(a) * static_cast<double>(b); };
    return std::inner_product(range.begin(), range.end(), factors_.subspan(begin).begin(), 0.0, std::plus<>(),
                              product);
  }

  std::span<const float> values_;
  std::span<const float> factors_;
  std::vector<double> blocks_;
};

// The distinct values, or nothing when there are more than k.
std::vector<float> few_distinct(std::span<const float> sorted, std::size_t k) {
  std::vector<float> distinct;
  for (auto at = sorted.begin(); at != sorted.end(); at = std::upper_bound(at, sorted.end(), *at)) {
    if (distinct.size() == k) return {};
    distinct.push_back(*at);
  }
  return distinct;
}

std::vector<double> spread_evenly(double low, double high, std::size_t k) {
  if (k == 1) return {low + (high - low) / 2};
  std::vector<double> centroids(k);
  for (std::size_t i = 0; i < k; ++i)
    centroids[i] = low + (high - low) * (static_cast<double>(i) / static_cast<double>(k - 1));
  return centroids;
}

// ends[i]: the first position past cluster i. A value half way belongs to the upper cluster.
std::vector<std::size_t> ends_of(std::span<const float> sorted, std::span<const double> centroids) {
  std::vector<std::size_t> ends(centroids.size(), sorted.size());
  auto at = sorted.begin();
  for (std::size_t i = 0; i + 1 < centroids.size(); ++i) {
    const double boundary = centroids[i] + (centroids[i + 1] - centroids[i]) / 2;
    at = std::lower_bound(at, sorted.end(), boundary);
    ends[i] = static_cast<std::size_t>(at - sorted.begin());
  }
  return ends;
}

}  // namespace

Clusters find_clusters(std::span<const float> sorted, std::size_t k, int max_iterations,
                       std::span<const float> weights) {
  PITH_ASSERT(weights.empty() || weights.size() == sorted.size(), "weights of other values");
  PITH_ASSERT(k >= 1 && !sorted.empty(), "no clusters or nothing to cluster");
  if (std::vector<float> distinct = few_distinct(sorted, k); !distinct.empty()) return {distinct, distinct};

  const RangeSums sums(sorted, weights);
  const RangeSums counts(weights, {});
  const auto mean = [&](std::size_t begin, std::size_t end) {
    const double count = weights.empty() ? static_cast<double>(end - begin) : counts.sum(begin, end);
    return sums.sum(begin, end) / count;
  };
  std::vector<double> centroids = spread_evenly(sorted.front(), sorted.back(), k);
  std::vector<std::size_t> ends;
  for (int iteration = 0; iteration < max_iterations; ++iteration) {
    std::vector<std::size_t> next = ends_of(sorted, centroids);
    if (next == ends) break;
    ends = std::move(next);
    // An empty cluster keeps its centroid: its neighbours may leave it values later.
    for (std::size_t i = 0, begin = 0; i < k; begin = ends[i++]) {
      if (ends[i] > begin) centroids[i] = mean(begin, ends[i]);
    }
  }

  Clusters clusters;
  for (std::size_t i = 0, begin = 0; i < k; begin = ends[i++]) {
    if (ends[i] == begin) continue;
    // Adding +0.0 turns a mean that rounds to -0.0 into +0.0.
    clusters.centroids.push_back(static_cast<float>(centroids[i]) + 0.0F);
    clusters.lowest.push_back(sorted[begin]);
  }
  return clusters;
}

}  // namespace pith::quantize
