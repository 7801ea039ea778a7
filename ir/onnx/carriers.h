// Carriers: affine and codebook constants as integer initializers and a few
// standard nodes, which every runtime folds into plain weights when it loads
// the model. The file is small and runs anywhere at full speed.
//
//   affine     codes -> Cast(float) [-> Sub(zero points)] -> Mul(scales)
//              scales: scalar, or one a channel shaped [1,..,C,..,1]; blocked scales (and zero points)
//              pass through Gather(scales, position / block, axis) first
//   codebook   indices -> Cast(int32) [-> Add(first position of the channel's codebook)]
//              -> Gather(all codebooks in one row, .)
//
// The arithmetic is float32, element by element, as in to_dense(): results are equal bit for bit.
#pragma once

#include <functional>
#include <string>

#include "ir/onnx/tensor_writer.h"

namespace pith::ir {
class Model;
struct Constant;
}  // namespace pith::ir

namespace pith::ir::onnx {

// Makes a name that nothing else in the model has, from a hint.
using UniqueName = std::function<std::string(const std::string&)>;

// Adds the initializers and nodes that make `name` the constant's values; the initializer of the codes
// carries the message `carried`. Nodes are appended in execution order. The constant must be affine or
// codebook.
void emit_carrier(const Constant& constant, const std::string& name, const std::string& carried,
                  proto::GraphProto& graph, TensorWriter& tensors, const UniqueName& unique);

// Turns carriers of exactly these forms back into affine and codebook constants.
void recognize_carriers(Model& model);

}  // namespace pith::ir::onnx
