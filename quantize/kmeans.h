// k-means of numbers: which few values stand for many with the least squared error, or with the least sum of
// weight_i (value_i - centroid)^2 (Kim et al. 2023, "SqueezeLLM", arXiv:2306.07629, equation 4).
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace pith::quantize {

struct Clusters {
  std::vector<float> centroids;  // rising: the (weighted) mean of each cluster, rounded to float32
  std::vector<float> lowest;     // rising: the lowest value of each cluster
};

// At most k (>= 1) clusters of values that are sorted, finite, and at least one. Lloyd's algorithm from
// centroids spread evenly between the lowest and the highest value (Han et al. 2015, arXiv:1510.00149,
// section 3.2), until nothing changes or `max_iterations`; clusters that end up empty are dropped. When
// there are no more than k distinct values, these are the centroids.
// `weights` says how much each value counts, above 0; empty: all alike. A weight moves the mean of a cluster,
// and nothing else: the nearest centroid is the nearest one however much the value counts.
// O(k (log n + kBlock) + n / kBlock) an iteration, kBlock = 1024.
[[nodiscard]] Clusters find_clusters(std::span<const float> sorted, std::size_t k, int max_iterations = 100,
                                     std::span<const float> weights = {});

// The cluster that a value was counted in: the last that starts at or below it.
[[nodiscard]] inline std::size_t cluster_of(float value, const Clusters& clusters) {
  const float* lowest = clusters.lowest.data();
  std::size_t found = 0;
  for (std::size_t rest = clusters.lowest.size(); rest > 1;) {  // halving without branches
    const std::size_t half = rest / 2;
    found = lowest[found + half] <= value ? found + half : found;
    rest -= half;
  }
  return found;
}

}  // namespace pith::quantize
