// Types and shapes of a model's values by the inference functions of ONNX's operators.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "ir/model.h"

namespace pith::ir::onnx {

struct InferOptions {
  // Asked for each value whose type is not fully known after inference: what the value had when the model
  // was run, for one. Its numbers replace what is unknown and symbols, and inference goes on from there; the
  // result then holds for that run only. nullptr when nothing is known of the value.
  std::function<const ValueType*(GraphId, ValueId)> observed;
};

class InferredTypes {
 public:
  // What is known of a value: its element type, and its shape with numbers, symbols of the file, and symbols
  // that inference made up ("unk__0"; equal symbols are equal numbers). nullptr when nothing is known, and
  // for values that are no tensors.
  [[nodiscard]] const ValueType* find(GraphId graph, ValueId value) const;

  // The shape as numbers; nullopt when any part of it is unknown.
  [[nodiscard]] std::optional<Shape> shape(GraphId graph, ValueId value) const;

  // What kept inference from going on, one sentence each: nodes that contradict their inputs, declarations
  // that contradict the nodes, limits. Operators that ONNX does not define are not listed.
  [[nodiscard]] const std::vector<std::string>& notes() const { return notes_; }

 private:
  friend class TypeInference;
  std::unordered_map<GraphId, std::unordered_map<ValueId, ValueType>> types_;
  std::vector<std::string> notes_;
};

// Types of the values of every graph and subgraph. What the file declares wins over what is inferred, except
// that a number replaces a symbol. Small integer computations on shapes are followed. Never needed for
// correctness: a node that cannot be inferred leaves its results unknown and everything else as it is.
// Bounded for hostile models: each node is visited once, shapes have at most 64 dimensions, calls of the
// model's functions are followed for at most 64 visits a node of the file (or 10,000), all types take at most
// 256 MiB. Refuses a model whose functions call themselves.
[[nodiscard]] Result<InferredTypes> infer_types(const Model& model, const InferOptions& options = {});

}  // namespace pith::ir::onnx
