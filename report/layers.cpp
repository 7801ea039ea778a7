#include "report/layers.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string_view>

namespace pith::report {
namespace {

using ir::Graph, ir::GraphId, ir::Node, ir::NodeId, ir::ValueId;
using Place = std::pair<GraphId, NodeId>;
using Known = std::pair<GraphId, ValueId>;

constexpr std::array<std::string_view, 5> kPassOn{"DequantizeLinear", "Cast", "Transpose", "Reshape",
                                                  "Identity"};

// Finds the node that a constant belongs to.
class Readers {
 public:
  explicit Readers(const ir::Model& model) : model_(model) {
    for (const GraphId graph_id : model.graphs()) {
      const Graph& graph = model.graph(graph_id);
      for (const NodeId id : graph.nodes()) {
        const Node& node = graph.node(id);
        bool constant = true;
        for (const ValueId input : node.inputs) {
          if (input == ir::kNoValue) continue;
          const Known value = source(graph_id, input);
          first_.try_emplace(value, graph_id, id);
          constant = constant && (model.graph(value.first).value(value.second).constant != nullptr ||
                                  computed_.contains(value));
        }
        const bool passes_on = node.domain.empty() && node.outputs.size() == 1 &&
                               std::ranges::find(kPassOn, node.op_type) != kPassOn.end();
        if (constant && passes_on) computed_.emplace(graph_id, node.outputs[0]);
      }
    }
  }

  // nullopt when nothing reads it.
  [[nodiscard]] std::optional<Place> reader_of(Known value) const {
    std::optional<Place> place;
    // Ends: each step goes on to a later node.
    for (auto found = first_.find(value); found != first_.end(); found = first_.find(value)) {
      place = found->second;
      const Node& node = model_.graph(place->first).node(place->second);
      value = {place->first, node.outputs.empty() ? ir::kNoValue : node.outputs[0]};
      if (!computed_.contains(value)) break;
    }
    return place;
  }

 private:
  // The value itself, for one that was captured from outside.
  [[nodiscard]] Known source(GraphId graph, ValueId id) const {
    while (model_.graph(graph).value(id).captured != ir::kNoValue) {
      id = model_.graph(graph).value(id).captured;
      graph = model_.graph(graph).parent();
    }
    return {graph, id};
  }

  const ir::Model& model_;
  std::map<Known, Place> first_;
  std::set<Known> computed_;  // from constants alone, by operators that pass them on
};

std::string name_of(const Graph& graph, const Node& node) {
  if (!node.name.empty() || node.outputs.empty() || node.outputs[0] == ir::kNoValue) return node.name;
  return graph.value(node.outputs[0]).name;
}

}  // namespace

std::string operator_name(const ir::Node& node) {
  return node.domain.empty() ? node.op_type : node.domain + "::" + node.op_type;
}

std::vector<LayerEntry> layers_of(const ir::Model& model, Storage storage, const MacCount& macs) {
  const Readers readers(model);
  std::map<Place, LayerEntry> found;
  LayerEntry unread{"", "none", 0, 0, std::nullopt};
  const auto layer_at = [&](const Place& place) -> LayerEntry& { return found[place]; };
  for (const auto& [place, count] : macs.by_node) layer_at(place).macs = count;
  for (const GraphId graph_id : model.graphs()) {
    const Graph& graph = model.graph(graph_id);
    for (const ValueId id : graph.values()) {
      const auto& constant = graph.value(id).constant;
      if (constant == nullptr) continue;
      const auto place = readers.reader_of({graph_id, id});
      LayerEntry& layer = place ? layer_at(*place) : unread;
      layer.bytes += bytes_in(storage, *constant);
      if (ir::is_float(constant->dtype)) layer.parameters += ir::element_count(constant->shape).value_or(0);
    }
  }
  std::vector<LayerEntry> layers;
  for (const GraphId graph_id : model.graphs()) {
    const Graph& graph = model.graph(graph_id);
    for (const NodeId id : graph.nodes()) {
      const auto at = found.find({graph_id, id});
      if (at == found.end()) continue;
      at->second.name = name_of(graph, graph.node(id));
      at->second.op = operator_name(graph.node(id));
      layers.push_back(std::move(at->second));
    }
  }
  if (unread.bytes > 0) layers.push_back(std::move(unread));
  return layers;
}

}  // namespace pith::report
