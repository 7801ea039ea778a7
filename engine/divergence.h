// How far the outputs of a changed model are from those of the original.
#pragma once

#include <span>
#include <vector>

#include "ir/tensor.h"

namespace pith::engine {

// The mean divergence of samples (axis 0), 0 for equal outputs:
//   class scores [N,classes]   Kullback-Leibler divergence of softmax(b) from softmax(a), in nats; of the
//   rows
//                              themselves where those of `a` are probabilities already
//   anything else              |a - b|^2 / |a|^2 of each sample
// Refuses (ErrorCode::model) outputs of different shapes, of other types than float32, and values that are
// not finite.
[[nodiscard]] Result<double> divergence(const ir::Tensor& a, const ir::Tensor& b);

}  // namespace pith::engine
