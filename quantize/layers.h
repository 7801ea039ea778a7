// What rate-distortion quantization rounds: weights as matrices with the inputs that they multiply, and the
// vectors beside them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "passes/pass.h"
#include "quantize/matrix_view.h"

namespace pith::quantize {

struct Layer {
  enum class Kind : std::uint8_t {
    product,      // Gemm, MatMul: the last axis of `input` is multiplied
    convolution,  // Conv: windows of `input`
    transposed,   // ConvTranspose: the channels of `input`
    recurrence,   // LSTM, GRU, RNN: `input` is the operator's first output, one step before
    values,       // anything else: each element counts by itself, there is no `input`
  };

  ir::GraphId graph = ir::kMainGraph;
  ir::ValueId value = ir::kNoValue;
  std::string name;
  Kind kind = Kind::values;
  MatrixView view;
  ir::NodeId node = ir::kNoNode;         // that multiplies; kNoNode for `values`
  ir::ValueId input = ir::kNoValue;      // of the main graph
  std::optional<std::int64_t> row_axis;  // along which groups and rows lie one after the other
  ir::ValueId bias =
      ir::kNoValue;    // [groups x rows], read by this node only: it can take over the mean error
  ir::Tensor weights;  // plain float32 values
};

// The float32 constants that can be rounded: weights as passes::select_weights finds them, and, from 32
// elements on, what biases, scales of normalizations, Add, Sub, Mul and PRelu read. Every other float32
// constant of that size is recorded as skipped with its reason.
[[nodiscard]] std::vector<Layer> find_layers(const ir::Model& model, passes::PassContext& context);

}  // namespace pith::quantize
