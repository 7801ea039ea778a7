// Conv, ConvTranspose, Gemm and MatMul with constant weights: what a factor and a shift for each output
// channel can be folded into.
#pragma once

#include <expected>
#include <string>
#include <vector>

#include "ir/axis_view.h"
#include "ir/model.h"

namespace pith::passes {

// A value, or why there is none: one sentence about the node that was to be folded.
template <class T>
using Found = std::expected<T, std::string>;
using Channels = std::vector<double>;

[[nodiscard]] inline std::unexpected<std::string> refuse(std::string why) {
  return std::unexpected(std::move(why));
}

// A weight in memory order is `groups` arrays of this view; output channel = group * view.dim + position.
struct Layout {
  std::size_t groups = 1;
  ir::AxisView view;

  [[nodiscard]] std::size_t channels() const { return groups * view.dim; }
};

struct Linear {
  ir::NodeId node = ir::kNoNode;
  Layout layout;
  ir::Tensor weight;
  bool has_bias = false;  // MatMul never has one
};

// A parameter with one value a channel, or why it is none; `what` names it.
[[nodiscard]] Found<Channels> read_channels(const ir::Graph& graph, ir::ValueId id, std::size_t channels,
                                            const std::string& what);

// The linear operator whose result only one node reads, or why there is none: another operator, another
// reader, a result that is a graph output, weights that are no dense float32 constants, a Gemm whose beta is
// not 1.
[[nodiscard]] Found<Linear> find_linear(const ir::Graph& graph, ir::ValueId result, bool accept_matmul);

// Its bias, one value a channel, zeros when it has none; or why it is not to be read.
[[nodiscard]] Found<Channels> read_bias(const ir::Graph& graph, const Linear& linear);

struct Folded {
  ir::Tensor weight;
  std::vector<float> bias;
};

// The weight with each output channel multiplied by its factor, and this bias, in double, rounded once;
// refused when a value is not finite. Zeros stay +0.0.
[[nodiscard]] Found<Folded> fold_channels(const Linear& linear, const Channels& factors,
                                          const Channels& bias);

// Gives the operator its new weight, and bias if `with_bias`, lets it make what `other` makes, and removes
// `other` and the constants that nothing reads any more. A new bias without an old one is named after
// `bias_name`.
void store_folded(ir::Model& model, ir::GraphId graph, const Linear& linear, Folded folded, bool with_bias,
                  ir::NodeId other, const std::string& bias_name);

}  // namespace pith::passes
