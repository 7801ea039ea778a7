// Sorting of a directory's entries.
#pragma once

#include <cstddef>
#include <span>

#include "loader/function_ref.h"

namespace pith::loader {

// Sorts numbers, in place and in n log n steps whatever their order. One function for all orders: the
// library's templates would be there once for each.
void sort_numbers(std::span<std::size_t> numbers, FunctionRef<bool(std::size_t, std::size_t)> before);

}  // namespace pith::loader
