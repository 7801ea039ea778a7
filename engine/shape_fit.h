// Whether an array has the shape that a model input wants.
#pragma once

#include <optional>
#include <span>

#include "ir/tensor.h"

namespace pith::engine {

// The shape that an array must be given to be fed to an input of these dimensions (-1: any size), keeping
// its elements and their order: equal dimensions; equal but for dimensions of size 1; or one of the two
// flat. nullopt when there is none: a mere equal count, such as [32,32,3] for [3,32,32], is no fit.
[[nodiscard]] std::optional<ir::Shape> fit_shape(std::span<const std::int64_t> array,
                                                 std::span<const std::int64_t> wanted);

}  // namespace pith::engine
