// The dimensions of a tensor, as the coders of integers use them for contexts.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "loader/format.h"

namespace pith::loader {

// Outermost first. The product of all dimensions fits; layout_of() has checked it.
struct CodeShape {
  std::array<std::uint64_t, kMaxRank> dims{};
  std::size_t rank = 0;

  [[nodiscard]] std::span<const std::uint64_t> sizes() const { return {dims.data(), rank}; }

  // Elements of the dimensions [from, to).
  [[nodiscard]] std::uint64_t product(std::size_t from, std::size_t to) const {
    std::uint64_t result = 1;
    for (std::size_t axis = from; axis < to; ++axis) result *= dims[axis];
    return result;
  }
};

// The product of sizes that may not fit, at least 1 and at most `cap`.
inline std::uint64_t capped_product(std::span<const std::uint64_t> sizes, std::uint64_t cap) {
  std::uint64_t product = 1;
  for (const std::uint64_t size : sizes) {
    if (size != 0 && product > cap / size) return cap;
    product *= size;
  }
  return std::clamp<std::uint64_t>(product, 1, cap);
}

}  // namespace pith::loader
