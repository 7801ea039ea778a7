#include "loader/sort.h"

#include <algorithm>

namespace pith::loader {

void sort_numbers(std::span<std::size_t> numbers, FunctionRef<bool(std::size_t, std::size_t)> before) {
  std::ranges::make_heap(numbers, before);
  std::ranges::sort_heap(numbers, before);
}

}  // namespace pith::loader
