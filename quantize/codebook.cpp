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

std::vector<float> nonzeros_of(std::span<const float> slice) {
  std::vector<float> values(slice.size() - static_cast<std::size_t>(std::ranges::count(slice, 0.0F)));
  std::ranges::copy_if(slice, values.begin(), [](float weight) { return weight != 0.0F; });
  return values;
}

Book book_of(std::vector<float> nonzeros, bool has_zeros, std::size_t most) {
  sort_floats(nonzeros);
  Book book;
  if (!nonzeros.empty()) book.clusters = find_clusters(nonzeros, has_zeros ? most - 1 : most);
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

// Holds twice the tensor at most, never beside the mapped original.
SharedValues share_whole(const ir::Tensor& dense, std::size_t most) {
  std::vector<float> nonzeros = nonzeros_of(dense.as<float>());
  const bool has_zeros = nonzeros.size() < dense.element_count();
  dense.buffer().release();
  const Book book = book_of(std::move(nonzeros), has_zeros, most);
  SharedValues shared;
  shared.codes.resize(dense.element_count());
  code(dense.as<float>(), book, shared.codes);
  shared.width = book.centroids.size();
  shared.centroids = book.centroids;
  return shared;
}

}  // namespace

SharedValues share_values(const ir::Tensor& dense, const ir::AxisView& view, int bits) {
  PITH_ASSERT(dense.element_count() > 0 && dense.element_count() == view.size(), "weights of another shape");
  PITH_ASSERT(bits >= 1 && bits <= 8, "codes of an impossible width");
  const std::size_t most = std::size_t{1} << static_cast<unsigned>(bits);
  if (view.outer == 1 && view.dim == 1) return share_whole(dense, most);
  const auto weights = dense.as<float>();
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
    std::vector<float> nonzeros = nonzeros_of(slice);
    const bool has_zeros = nonzeros.size() < slice.size();
    const Book book = book_of(std::move(nonzeros), has_zeros, most);
    code(slice, book, codes);
    tables[channel] = book.centroids;
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
