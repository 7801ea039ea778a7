// Where a model's bytes and work are: its nodes, and the constants that they read.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "report/macs.h"
#include "report/tensors.h"

namespace pith::report {

// A node with constants or multiply-accumulates.
struct LayerEntry {
  std::string name;         // the node's, or that of its first output when it has none
  std::string op;           // "Conv", "com.microsoft::MatMulNBits"; "none" for constants that no node reads
  std::uint64_t bytes = 0;  // of its constants, as the file stores them
  std::uint64_t parameters = 0;       // elements of its float constants
  std::optional<std::uint64_t> macs;  // nullopt: not known, or none
};

// "Conv", or "com.microsoft::MatMulNBits" outside of ONNX's own domain.
[[nodiscard]] std::string operator_name(const ir::Node& node);

// The layers in order of execution, those of subgraphs last. A constant belongs to the first node that reads
// it, in its own graph or in a subgraph; where that is a DequantizeLinear, Cast, Transpose, Reshape or
// Identity of nothing but constants, to the first node that reads its result, and so on.
[[nodiscard]] std::vector<LayerEntry> layers_of(const ir::Model& model, Storage storage,
                                                const MacCount& macs);

}  // namespace pith::report
