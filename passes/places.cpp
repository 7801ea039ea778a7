#include "passes/places.h"

namespace pith::passes {

Place source_of(const ir::Model& model, Place place) {
  for (;;) {
    const ir::Graph& graph = model.graph(place.graph);
    const ir::ValueId outer = graph.value(place.value).captured;
    if (outer == ir::kNoValue) return place;
    place = {graph.parent(), outer};
  }
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
