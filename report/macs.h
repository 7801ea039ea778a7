// Multiply-accumulate operations of a model, from the shapes of its values.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "ir/model.h"

namespace pith::report {

// What is known of a value's type beside the declaration in the file, or nullptr; an empty function knows
// nothing.
using TypeLookup = std::function<const ir::ValueType*(ir::GraphId, ir::ValueId)>;

struct MacCount {
  std::uint64_t total = 0;          // of the nodes that are known
  std::uint64_t nodes = 0;          // whose number is known and not zero
  std::uint64_t unknown_nodes = 0;  // whose shapes, or whose meaning, are not known
  std::uint64_t in_subgraphs = 0;   // of `nodes`: bodies of If, Loop and Scan, counted once
  std::set<std::string> ones;       // symbols of dimensions that were taken as 1; "?" for an unnamed batch
  std::map<std::pair<ir::GraphId, ir::NodeId>, std::uint64_t> by_node;
  std::vector<std::string> notes;  // what kept shapes from being inferred
};

// Counts for one run of each graph:
//   Conv                  outputs x weights of one filter (input channels / groups x kernel)
//   ConvTranspose         inputs x weights that read one of them
//   Gemm, MatMul          m x n x k, also their integer and quantized forms
//   Einsum                product of all labels, of two factors with a sum; with "..." not known
//   LSTM, GRU, RNN        steps x batch x (weights + recurrence weights)
//   Attention             query length x key length x (head size + value head size) x heads x batch
// and the same operators of com.microsoft. Biases, activations and all else count nothing; operators of
// other domains and calls of functions are not known. A dimension with a symbol counts as 1, and so does an
// unnamed one on axis 0; other unknown dimensions make a node not known. A total over 2^64 - 1 stops there.
[[nodiscard]] MacCount count_macs(const ir::Model& model, const TypeLookup& inferred);
// The same with the types that ONNX's inference finds.
[[nodiscard]] MacCount count_macs(const ir::Model& model);
// The same, where inference goes on from what values had when the model was run.
[[nodiscard]] MacCount count_macs_of_run(const ir::Model& model, const TypeLookup& observed);

}  // namespace pith::report
