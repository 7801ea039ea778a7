// A model: the main graph, its subgraphs, and what is carried along.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "ir/graph.h"

namespace pith::ir {

class Model {
 public:
  Model();

  [[nodiscard]] const Graph& graph(GraphId id = kMainGraph) const;
  // Live graphs, the main graph first, every graph after the one that encloses it.
  [[nodiscard]] std::vector<GraphId> graphs() const;

  // Operator set version that the model imports for a domain; 0 when it imports none.
  [[nodiscard]] std::int64_t opset(std::string_view domain = "") const;

  // Counts every edit ever made; equal counts mean an unchanged model.
  [[nodiscard]] std::uint64_t edits() const { return edits_; }

  std::int64_t ir_version = 0;
  std::vector<std::pair<std::string, std::int64_t>> opsets;
  std::string carried;  // ONNX message with the fields not modelled here: producer, metadata, functions, ...

 private:
  friend class Rewriter;
  friend class GraphBuilder;

  std::vector<Graph> graphs_;
  std::uint64_t edits_ = 0;
};

}  // namespace pith::ir
