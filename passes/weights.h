// The weights of a model: large float constants that a linear operator reads,
// and which of their axes is the output channel.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "passes/pass.h"

namespace pith::passes {

struct Weight {
  ir::GraphId graph;
  ir::ValueId value;
  std::string name;
  // The axis along which one slice belongs to one output channel: Conv 0, ConvTranspose 1, Gemm 1 (0 with
  // transB), MatMul last, LSTM/GRU/RNN 1, Gather (embedding rows) its axis. nullopt when readers disagree.
  std::optional<std::int64_t> channel_axis;
  // The axis that its readers sum over, or for Gather the one that they read whole: Conv 1, ConvTranspose 0,
  // Gemm the other one, MatMul the last but one, LSTM/GRU/RNN 2. nullopt when readers disagree.
  std::optional<std::int64_t> input_axis;
};

// The float32 constants of rank >= 2 that Conv, ConvTranspose, Gemm, MatMul, LSTM, GRU, RNN or Gather read
// as weights, in their own graph or in a subgraph that captures them, and that the context
// selects, in order of graphs and values. Every other float constant of
// rank >= 2 is recorded as skipped, with its reason: another type, another reader, a graph input or output,
// excluded by the user.
[[nodiscard]] std::vector<Weight> select_weights(const ir::Model& model, PassContext& context);

}  // namespace pith::passes
