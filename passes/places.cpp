#include "passes/places.h"

#include "ir/rewriter.h"

namespace pith::passes {

Place source_of(const ir::Model& model, Place place) {
  for (;;) {
    const ir::Graph& graph = model.graph(place.graph);
    const ir::ValueId outer = graph.value(place.value).captured;
    if (outer == ir::kNoValue) return place;
    place = {graph.parent(), outer};
  }
}

ir::ValueId seen_from(ir::Model& model, ir::GraphId graph, Place outer) {
  if (graph == outer.graph) return outer.value;
  const ir::ValueId around = seen_from(model, model.graph(graph).parent(), outer);
  return ir::Rewriter(model, graph).capture(around);
}

std::optional<std::vector<ir::Dim>> shape_at(const ir::Model& model, Place place) {
  const Place source = source_of(model, place);
  const ir::Value& value = model.graph(source.graph).value(source.value);
  if (value.constant != nullptr && !value.is_input)
    return std::vector<ir::Dim>(value.constant->shape.begin(), value.constant->shape.end());
  // A loop may change the shapes of what it carries from one round to the next.
  if (value.is_input && source.graph != ir::kMainGraph) return std::nullopt;
  return value.type.shape;
}

const ir::Constant* constant_at(const ir::Model& model, Place place) {
  if (place.value == ir::kNoValue) return nullptr;
  const Place source = source_of(model, place);
  return model.graph(source.graph).constant(source.value);
}

std::map<Place, Uses> collect_uses(const ir::Model& model) {
  std::map<Place, Uses> uses;
  for (const ir::GraphId graph_id : model.graphs()) {
    const ir::Graph& graph = model.graph(graph_id);
    for (const ir::NodeId node : graph.nodes()) {
      for (const ir::ValueId input : graph.node(node).inputs) {
        if (input == ir::kNoValue) continue;
        uses[source_of(model, {graph_id, input})].readers.push_back({graph_id, node});
      }
    }
    for (const ir::ValueId output : graph.outputs())
      uses[source_of(model, {graph_id, output})].is_output = true;
  }
  return uses;
}

}  // namespace pith::passes
