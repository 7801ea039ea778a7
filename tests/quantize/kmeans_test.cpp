#include "quantize/kmeans.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "quantize/codebook.h"
#include "quantize/sort.h"
#include "tests/support/catch.h"
#include "tests/support/weight_model.h"

using namespace pith;
using quantize::Clusters, quantize::find_clusters;
using Floats = std::vector<float>;
using Codes = std::vector<std::uint8_t>;

namespace {

Clusters clusters_of(const Floats& sorted, std::size_t k, int iterations = 100) {
  return find_clusters(sorted, k, iterations);
}

quantize::SharedValues share(const Floats& weights, const ir::AxisView& view, int bits) {
  return quantize::share_values(ir::Tensor::of({std::ssize(weights)}, weights), view, {.bits = bits});
}

quantize::SharedValues share(const Floats& weights, int bits) {
  return share(weights, {.inner = weights.size()}, bits);
}

}  // namespace

TEST_CASE("two groups of numbers have their means as centroids") {
  const Clusters clusters = clusters_of({1, 2, 9, 10}, 2);
  CHECK(clusters.centroids == Floats{1.5F, 9.5F});
  CHECK(clusters.lowest == Floats{1, 9});
}

TEST_CASE("Lloyd's iterations move the boundary") {
  // From 0 and 10 the boundary is 5: {0, 1, 4.5} and {6, 6, 6, 10}, means 11/6 and 7, boundary 4.4167:
  // {0, 1} and {4.5, 6, 6, 6, 10}, means 0.5 and 6.5, boundary 3.5: nothing moves.
  const Floats sorted{0, 1, 4.5F, 6, 6, 6, 10};
  const Clusters once = clusters_of(sorted, 2, 1);
  CHECK(once.centroids == Floats{static_cast<float>(5.5 / 3), 7});
  CHECK(once.lowest == Floats{0, 6});
  const Clusters done = clusters_of(sorted, 2);
  CHECK(done.centroids == Floats{0.5F, 6.5F});
  CHECK(done.lowest == Floats{0, 4.5F});
}

TEST_CASE("a value half way between two centroids belongs to the upper") {
  CHECK(clusters_of({0, 4, 5, 6, 10}, 2).lowest == Floats{0, 5});
}

TEST_CASE("clusters that stay empty are dropped") {
  const Clusters clusters = clusters_of({0, 1, 2, 99, 100, 101}, 4);
  CHECK(clusters.centroids == Floats{1, 100});
  CHECK(clusters.lowest == Floats{0, 99});
}

TEST_CASE("as many clusters as distinct values lose nothing") {
  CHECK(clusters_of({-3, -3, 1, 7, 7, 7}, 3).centroids == Floats{-3, 1, 7});
  CHECK(clusters_of({-3, -3, 1, 7, 7, 7}, 200).centroids == Floats{-3, 1, 7});
  CHECK(clusters_of({5}, 1).centroids == Floats{5});
  CHECK(clusters_of({-1e-45F, 1e-45F}, 2).centroids == Floats{-1e-45F, 1e-45F});
}

TEST_CASE("one cluster has the mean of all") {
  CHECK(clusters_of({1, 2, 4}, 1).centroids == Floats{static_cast<float>(7.0 / 3)});
}

TEST_CASE("means are exact whatever the number of values in a cluster") {
  for (const std::size_t count : {1U, 1022U, 1023U, 1024U, 1025U, 2047U, 2048U, 2049U, 5000U}) {
    Floats sorted(count, 1);
    sorted.insert(sorted.end(), 3000, 64);
    sorted.back() = 128;
    sorted.front() = 0;
    const Clusters clusters = clusters_of(sorted, 2);
    REQUIRE(clusters.centroids.size() == 2);
    CHECK(clusters.centroids[0] ==
          static_cast<float>(static_cast<double>(count - 1) / static_cast<double>(count)));
    CHECK(clusters.centroids[1] == static_cast<float>((2999.0 * 64 + 128) / 3000));
  }
}

TEST_CASE("small numbers beside huge ones keep their mean") {
  const Clusters clusters = clusters_of({-3e38F, 1e-30F, 2e-30F, 3e-30F, 3e38F}, 3);
  REQUIRE(clusters.centroids.size() == 3);
  CHECK(clusters.centroids[0] == -3e38F);
  CHECK(clusters.centroids[1] ==
        static_cast<float>(
            (static_cast<double>(1e-30F) + static_cast<double>(2e-30F) + static_cast<double>(3e-30F)) / 3));
  CHECK(clusters.centroids[2] == 3e38F);
}

TEST_CASE("a mean that underflows is +0.0, not -0.0") {
  // In steps of the smallest denormal: (-3 + 1 + 1) / 3 = -1/3, which rounds to zero.
  const Clusters clusters = clusters_of({-4.2e-45F, 1.4e-45F, 1.4e-45F}, 1);
  CHECK(clusters.centroids == Floats{0});
  CHECK_FALSE(std::signbit(clusters.centroids.at(0)));
}

TEST_CASE("centroids are the exact means of what is counted in them, and no value is nearer to another") {
  Floats sorted = test::seeded_weights(20000);
  for (float& value : sorted) value *= value * value;
  std::ranges::sort(sorted);
  const Clusters clusters = clusters_of(sorted, 16, 10000);
  REQUIRE(clusters.centroids.size() == 16);
  CHECK(std::ranges::is_sorted(clusters.centroids));
  std::vector<double> sums(16);
  std::vector<double> counts(16);
  for (const float value : sorted) {
    const std::size_t cluster = quantize::cluster_of(value, clusters);
    sums[cluster] += static_cast<double>(value);
    ++counts[cluster];
    const auto distance = [&](float centroid) {
      return std::fabs(static_cast<double>(value) - static_cast<double>(centroid));
    };
    const double own = distance(clusters.centroids[cluster]);
    const bool nearest =
        std::ranges::all_of(clusters.centroids, [&](float c) { return own <= distance(c) + 1e-7; });
    if (!nearest) FAIL("a value is nearer to another centroid: " << value);
  }
  for (std::size_t i = 0; i < 16; ++i) {
    CHECK(std::fabs(static_cast<double>(clusters.centroids[i]) - sums[i] / counts[i]) < 1e-7);
  }
}

TEST_CASE("many numbers are sorted as few are") {
  Floats values = test::seeded_weights(10000);
  values[5] = 3e38F;
  values[6] = -3e38F;
  values[7] = 1e-45F;
  values[8] = -1e-45F;
  values[9] = values[10];
  Floats expected = values;
  std::ranges::sort(expected);
  quantize::sort_floats(values);
  CHECK(values == expected);
  Floats few{3, -1, 2, -5};
  quantize::sort_floats(few);
  CHECK(few == Floats{-5, -1, 2, 3});
}

TEST_CASE("zeros of either sign have a code of their own between the values around them") {
  const auto shared = share({0, -1, 0.5F, 0.5F, -0.0F, 2}, 2);
  CHECK(shared.centroids == Floats{-1, 0, 0.5F, 2});
  CHECK_FALSE(std::signbit(shared.centroids[1]));
  CHECK(shared.codes == Codes{1, 0, 2, 2, 1, 3});
  CHECK(shared.width == 4);
}

TEST_CASE("with zeros one value less is left for the others") {
  // Three values for -1, 0.25, 0.75 and 2, from -1, 0.5 and 2.
  const auto shared = share({0, -1, 0.25F, 0.75F, 0, 2}, 2);
  CHECK(shared.centroids == Floats{-1, 0, 0.5F, 2});
  CHECK(shared.codes == Codes{1, 0, 2, 2, 1, 3});
  CHECK(share({1, -1, 0.25F, 2}, 2).centroids == Floats{-1, 0.25F, 1, 2});
}

TEST_CASE("a cluster on both sides of zero leaves zero its own code") {
  const auto shared = share({0, -1, 2}, 1);
  CHECK(shared.centroids == Floats{0, 0.5F});
  CHECK(shared.codes == Codes{0, 1, 1});
  // Its mean may be 0.0 itself: then there is one code for it.
  CHECK(share({0, -1, 1}, 1).centroids == Floats{0});
  CHECK(share({0, -1, 1}, 1).codes == Codes{0, 0, 0});
}

TEST_CASE("all zeros, one value and one element are shared without loss") {
  CHECK(share({0, -0.0F, 0}, 5).centroids == Floats{0});
  CHECK(share({7, 7, 7}, 1).centroids == Floats{7});
  CHECK(share({7}, 8).codes == Codes{0});
}

TEST_CASE("256 values are numbered by bytes") {
  Floats weights(256);
  for (std::size_t i = 0; i < 256; ++i) weights[i] = static_cast<float>(i) - 100;
  const auto shared = share(weights, 8);
  CHECK(shared.centroids == weights);
  CHECK(shared.codes[255] == 255);
  CHECK(shared.codes[100] == 100);
}

TEST_CASE("each slice of an axis has a codebook of its own, filled up with its last value") {
  const Floats weights{1, 5, 2, 5};
  const auto columns = share(weights, ir::view_along({2, 2}, 1), 1);
  CHECK(columns.centroids == Floats{1, 2, 5, 5});
  CHECK(columns.codes == Codes{0, 0, 1, 0});
  const auto rows = share(weights, ir::view_along({2, 2}, 0), 1);
  CHECK(rows.centroids == Floats{1, 5, 2, 5});
  CHECK(rows.codes == Codes{0, 1, 0, 1});
  const auto uneven = share(Floats{1, 2, 3, 7, 5, 5}, ir::view_along({2, 3}, 0), 2);
  CHECK(uneven.centroids == Floats{1, 2, 3, 5, 7, 7});
  CHECK(uneven.codes == Codes{0, 1, 2, 1, 0, 0});
}

TEST_CASE("values that count more pull the centroid") {
  const Floats sorted{0, 1, 9, 10};
  const Floats weights{1, 3, 2, 2};
  const Clusters clusters = find_clusters(sorted, 2, 100, weights);
  CHECK(clusters.centroids == Floats{0.75F, 9.5F});
  CHECK(clusters.lowest == Floats{0, 9});
  const Floats alike(4, 0.25F);
  CHECK(find_clusters(sorted, 2, 100, alike).centroids == clusters_of(sorted, 2).centroids);
}

TEST_CASE("the weighted error is less with weights, the plain one without") {
  Floats sorted = test::seeded_weights(20000, 5);
  std::ranges::sort(sorted);
  Floats weights = test::seeded_weights(20000, 6);
  for (float& weight : weights) weight = 0.01F + weight * weight * weight * weight;
  const auto error = [&](const Clusters& clusters, bool weighted) {
    double sum = 0;
    for (std::size_t i = 0; i < sorted.size(); ++i) {
      const double difference =
          static_cast<double>(sorted[i]) -
          static_cast<double>(clusters.centroids[quantize::cluster_of(sorted[i], clusters)]);
      sum += difference * difference * (weighted ? static_cast<double>(weights[i]) : 1);
    }
    return sum;
  };
  const Clusters with = find_clusters(sorted, 8, 100, weights);
  const Clusters without = clusters_of(sorted, 8);
  CHECK(error(with, true) < error(without, true));
  CHECK(error(with, false) > error(without, false));
}

TEST_CASE("channels in a row share a codebook, the last ones too where they are fewer") {
  // Three channels of four, along the middle of [2, 3, 2].
  const Floats weights{1, 2, 3, 4, 50, 60, 1, 2, 3, 4, 50, 60};
  const auto shared = quantize::share_values(ir::Tensor::of({12}, weights),
                                             {.outer = 2, .dim = 3, .inner = 2}, {.bits = 2, .group = 2});
  CHECK(shared.width == 4);
  CHECK(shared.centroids == Floats{1, 2, 3, 4, 1, 2, 3, 4, 50, 60, 60, 60});
  CHECK(shared.codes == Codes{0, 1, 2, 3, 0, 1, 0, 1, 2, 3, 0, 1});
}

TEST_CASE("what a weight counts goes with it into its slice, and zeros stay zeros") {
  const Floats weights{0, 1, 10, 30, 0, 3, 20, 30};
  const auto share_with = [&](Floats importance) {
    return quantize::share_values(ir::Tensor::of({8}, weights), {.outer = 2, .dim = 2, .inner = 2},
                                  {.bits = 1, .importance = std::move(importance)});
  };
  // Channel 0 is {0, 1, 0, 3}: zero, and one value for 1 and 3; channel 1 is {10, 30, 20, 30}.
  CHECK(share_with(Floats(8, 1.0F)).centroids == Floats{0, 2, 10, static_cast<float>(80.0 / 3)});
  CHECK(share_with({9, 1, 1, 1, 9, 3, 1, 1}).centroids == Floats{0, 2.5F, 10, static_cast<float>(80.0 / 3)});
}
