// Values and their readers across graphs: a value that a subgraph captures is the value of the graph around
// it.
#pragma once

#include <compare>
#include <map>
#include <optional>
#include <vector>

#include "ir/model.h"

namespace pith::passes {

struct Place {
  ir::GraphId graph = ir::kMainGraph;
  ir::ValueId value = ir::kNoValue;
  auto operator<=>(const Place&) const = default;
};

struct NodePlace {
  ir::GraphId graph = ir::kMainGraph;
  ir::NodeId node = ir::kNoNode;
  auto operator<=>(const NodePlace&) const = default;
};

// The value that this one stands for: itself, or what it captures, through all graphs around it.
[[nodiscard]] Place source_of(const ir::Model& model, Place place);

// The value of an enclosing graph as `graph` sees it: it is captured by each graph between.
[[nodiscard]] ir::ValueId seen_from(ir::Model& model, ir::GraphId graph, Place outer);

// The declared shape of the source, or that of a constant; nullopt when nothing tells the rank.
[[nodiscard]] std::optional<std::vector<ir::Dim>> shape_at(const ir::Model& model, Place place);

// The constant at the source of a value; null as for Graph::constant().
[[nodiscard]] const ir::Constant* constant_at(const ir::Model& model, Place place);

// Who reads a value, in its own graph and in subgraphs that capture it.
struct Uses {
  std::vector<NodePlace> readers;  // one entry a use, in order of graphs and nodes
  bool is_output = false;          // of its graph or of a subgraph
};

// The uses of every value that is used, by source, in one walk over the model.
[[nodiscard]] std::map<Place, Uses> collect_uses(const ir::Model& model);

}  // namespace pith::passes
