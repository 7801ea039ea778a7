#include "quantize/codebook.h"

#include <algorithm>

#include "quantize/kmeans.h"
#include "quantize/sort.h"

namespace pith::quantize {
namespace {

// The shared values of one slice.
struct Book {
  Clusters clusters;
  std::vector<float> centroids;
  std::size_t zero = 0;  // of the centroids: where zeros go
  bool inserts = false;  // zero is a centroid beside those of the clusters
};

constexpr int kIterations = 100;

std::vector<float> nonzeros_of(std::span<const float> slice) {
  std::vector<float> values(slice.size() - static_cast<std::size_t>(std::ranges::count(slice, 0.0F)));
  std::ranges::copy_if(slice, values.begin(), [](float weight) { return weight != 0.0F; });
  return values;
}

// Sorts both by the values; equal values keep their order, so that sums do not depend on the sort.
void sort_together(std::vector<float>& values, std::vector<float>& importance) {
  struct Point {
    float value;
    float importance;
  };
  std::vector<Point> points(values.size());
  for (std::size_t i = 0; i < points.size(); ++i) points[i] = {values[i], importance[i]};
  std::ranges::stable_sort(points, {}, &Point::value);
  for (std::size_t i = 0; i < points.size(); ++i) {
    values[i] = points[i].value;
    importance[i] = points[i].importance;
  }
}

// `importance` is that of the values that are not zero, or empty.
Book book_of(std::vector<float> nonzeros, std::vector<float> importance, bool has_zeros, std::size_t most) {
  if (importance.empty()) {
    sort_floats(nonzeros);
  } else {
    sort_together(nonzeros, importance);
  }
  Book book;
  if (!nonzeros.empty())
    book.clusters = find_clusters(nonzeros, has_zeros ? most - 1 : most, kIterations, importance);
  book.centroids = book.clusters.centroids;
  const auto at = std::ranges::lower_bound(book.centroids, 0.0F);
  book.zero = static_cast<std::size_t>(at - book.centroids.begin());
  // A cluster on both sides of zero may have 0.0 as its mean, and then is zero's own.
  book.inserts = has_zeros && (at == book.centroids.end() || *at != 0.0F);
  if (book.inserts) book.centroids.insert(at, 0.0F);
  return book;
}

void code(std::span<const float> slice, const Book& book, std::span<std::uint8_t> codes) {
  std::ranges::transform(slice, codes.begin(), [&](float weight) {
    if (weight == 0.0F) return static_cast<std::uint8_t>(book.zero);
    const std::size_t cluster = cluster_of(weight, book.clusters);
    return static_cast<std::uint8_t>(book.inserts && cluster >= book.zero ? cluster + 1 : cluster);
  });
}

std::vector<float> importance_of_nonzeros(std::span<const float> slice, std::span<const float> importance) {
  std::vector<float> kept;
  for (std::size_t i = 0; i < importance.size(); ++i) {
    if (slice[i] != 0.0F) kept.push_back(importance[i]);
  }
  return kept;
}

// Holds twice the tensor at most without importance, never beside the mapped original.
SharedValues share_whole(const ir::Tensor& dense, std::span<const float> importance, std::size_t most) {
  std::vector<float> nonzeros = nonzeros_of(dense.as<float>());
  std::vector<float> counts = importance_of_nonzeros(dense.as<float>(), importance);
  const bool has_zeros = nonzeros.size() < dense.element_count();
  dense.buffer().release();
  const Book book = book_of(std::move(nonzeros), std::move(counts), has_zeros, most);
  SharedValues shared;
  shared.codes.resize(dense.element_count());
  code(dense.as<float>(), book, shared.codes);
  shared.width = book.centroids.size();
  shared.centroids = book.centroids;
  return shared;
}

// Positions [first, first + count) of a view's middle axis, as runs of the array that follow each other.
class Slice {
 public:
  Slice(const ir::AxisView& view, std::size_t first, std::size_t count)
      : view_(view), first_(first), run_(count * view.inner) {}

  [[nodiscard]] std::vector<float> take(std::span<const float> all) const {
    std::vector<float> part;
    for (std::size_t outer = 0; outer < view_.outer && !all.empty(); ++outer) {
      const auto run = all.subspan(start_of(outer), run_);
      part.insert(part.end(), run.begin(), run.end());
    }
    return part;
  }
  void put(std::span<const std::uint8_t> part, std::span<std::uint8_t> all) const {
    for (std::size_t outer = 0; outer < view_.outer; ++outer)
      std::ranges::copy(part.subspan(outer * run_, run_), all.subspan(start_of(outer)).begin());
  }

 private:
  [[nodiscard]] std::size_t start_of(std::size_t outer) const {
    return (outer * view_.dim + first_) * view_.inner;
  }

  const ir::AxisView& view_;
  std::size_t first_;
  std::size_t run_;
};

}  // namespace

SharedValues share_values(const ir::Tensor& dense, const ir::AxisView& view, const Sharing& sharing) {
  PITH_ASSERT(dense.element_count() > 0 && dense.element_count() == view.size(), "weights of another shape");
  PITH_ASSERT(sharing.bits >= 1 && sharing.bits <= 8, "codes of an impossible width");
  PITH_ASSERT(sharing.importance.empty() || sharing.importance.size() == view.size(),
              "weights of another shape");
  const std::size_t most = std::size_t{1} << static_cast<unsigned>(sharing.bits);
  if (view.outer == 1 && view.dim == 1) return share_whole(dense, sharing.importance, most);
  const auto weights = dense.as<float>();
  SharedValues shared;
  shared.codes.resize(weights.size());
  std::vector<std::vector<float>> tables(view.dim);
  for (std::size_t first = 0; first < view.dim; first += sharing.group) {
    const std::size_t count = std::min(sharing.group, view.dim - first);
    const Slice slice(view, first, count);
    const std::vector<float> values = slice.take(weights);
    std::vector<float> nonzeros = nonzeros_of(values);
    std::vector<float> counts = importance_of_nonzeros(values, slice.take(sharing.importance));
    const bool has_zeros = nonzeros.size() < values.size();
    const Book book = book_of(std::move(nonzeros), std::move(counts), has_zeros, most);
    std::vector<std::uint8_t> codes(values.size());
    code(values, book, codes);
    slice.put(codes, shared.codes);
    shared.width = std::max(shared.width, book.centroids.size());
    for (std::size_t i = 0; i < count; ++i) tables[first + i] = book.centroids;
  }
  for (const std::vector<float>& table : tables) {
    shared.centroids.insert(shared.centroids.end(), table.begin(), table.end());
    shared.centroids.insert(shared.centroids.end(), shared.width - table.size(), table.back());
  }
  return shared;
}

}  // namespace pith::quantize
