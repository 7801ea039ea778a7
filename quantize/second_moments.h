// Second moments of what weights are multiplied with, from the model's run on calibration data.
#pragma once

#include <Eigen/Core>
#include <vector>

#include "quantize/layers.h"

namespace pith::quantize {

// Of one group of a layer: over the rows x of the operator's input as a matrix (for Conv its windows),
struct Moments {
  Eigen::MatrixXd second;  // the mean of x x^T
  Eigen::VectorXd mean;    // the mean of x
};

// One entry a group of each layer; none for layers without input. At most max(16, columns / 64) rows of a
// sample are looked at, spread evenly over it. Memory: the activations of a batch, and 8 columns^2 bytes a
// group. Refuses what passes::Activations refuses, and (ErrorCode::data) activations that are not finite.
[[nodiscard]] Result<std::vector<std::vector<Moments>>> second_moments(const ir::Model& model,
                                                                       const std::vector<Layer>& layers,
                                                                       passes::PassContext& context);

// The diagonals of Moments::second alone: the mean square of each input of each group, with 8 bytes a column
// instead of 8 columns^2. Refuses the same.
[[nodiscard]] Result<std::vector<std::vector<Eigen::VectorXd>>> input_powers(const ir::Model& model,
                                                                             const std::vector<Layer>& layers,
                                                                             passes::PassContext& context);

// How much each weight of a layer counts by the powers of its inputs, in units of their mean over the layer,
// plus a hundredth; laid out as the tensor is. Empty when no input has any power.
[[nodiscard]] std::vector<float> importance_of(const MatrixView& view,
                                               const std::vector<Eigen::VectorXd>& powers);

}  // namespace pith::quantize
