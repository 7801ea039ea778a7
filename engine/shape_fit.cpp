#include "engine/shape_fit.h"

#include <algorithm>

namespace pith::engine {
namespace {

bool accepts(std::int64_t wanted, std::int64_t dim) {
  return wanted < 0 || wanted == dim;
}

// -1 when the product overflows.
std::int64_t product(std::span<const std::int64_t> shape) {
  const auto count = ir::element_count(shape);
  return count ? static_cast<std::int64_t>(*count) : -1;
}

// Places the array's dimensions other than 1 at the wanted ones in order; the rest become 1.
std::optional<ir::Shape> fit_without_ones(std::span<const std::int64_t> array,
                                          std::span<const std::int64_t> wanted) {
  ir::Shape kept;
  std::ranges::copy_if(array, std::back_inserter(kept), [](std::int64_t dim) { return dim != 1; });
  // Free dimensions that may be left at 1, so that the others can take all that is kept.
  const auto not_one = std::ranges::count_if(wanted, [](std::int64_t dim) { return dim != 1; });
  auto spare = not_one - static_cast<std::ptrdiff_t>(kept.size());
  ir::Shape shape;
  std::size_t next = 0;
  for (const std::int64_t dim : wanted) {
    if (dim == 1 || (dim < 0 && spare > 0)) {
      spare -= dim == 1 ? 0 : 1;
      shape.push_back(1);
    } else if (next < kept.size() && accepts(dim, kept[next])) {
      shape.push_back(kept[next++]);
    } else {
      return std::nullopt;
    }
  }
  return next == kept.size() ? std::optional(shape) : std::nullopt;
}

}  // namespace

std::optional<ir::Shape> fit_shape(std::span<const std::int64_t> array,
                                   std::span<const std::int64_t> wanted) {
  if (std::ranges::equal(wanted, array, accepts)) return ir::Shape(array.begin(), array.end());
  if (auto shape = fit_without_ones(array, wanted)) return shape;
  const bool fixed = std::ranges::none_of(wanted, [](std::int64_t dim) { return dim < 0; });
  const std::int64_t count = product(array);
  if (count < 0) return std::nullopt;
  if (wanted.size() == 1 && accepts(wanted[0], count)) return ir::Shape{count};
  if (array.size() == 1 && fixed && product(wanted) == count) return ir::Shape(wanted.begin(), wanted.end());
  return std::nullopt;
}

}  // namespace pith::engine
