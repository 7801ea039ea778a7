#include "passes/weights.h"

#include <fmt/core.h>

#include <algorithm>

namespace pith::passes {
namespace {

using ir::Graph, ir::Node, ir::NodeId, ir::Value, ir::ValueId;

struct Axes {
  std::int64_t channel;  // of the outputs
  std::int64_t input;    // that is summed over
};

std::optional<Axes> axes_by_operator(const Node& node, std::size_t input, std::int64_t rank) {
  if (node.is("Conv") && input == 1) return Axes{0, 1};
  if (node.is("ConvTranspose") && input == 1) return Axes{1, 0};
  if (node.is("Gemm") && input <= 1) {
    const bool transposed = node.attribute<std::int64_t>(input == 1 ? "transB" : "transA", 0) != 0;
    // B is [in,out], A is [out,in], and transposed the other way round.
    const std::int64_t channel = (input == 1) != transposed ? 1 : 0;
    return Axes{channel, 1 - channel};
  }
  if (node.is("MatMul") && input == 1) return Axes{rank - 1, rank - 2};
  if (node.is("MatMul") && input == 0) return Axes{rank - 2, rank - 1};
  if ((node.is("LSTM") || node.is("GRU") || node.is("RNN")) && (input == 1 || input == 2)) return Axes{1, 2};
  if (node.is("Gather") && input == 0) {
    const std::int64_t axis = node.attribute<std::int64_t>("axis", 0);
    const std::int64_t rows = axis < 0 ? axis + rank : axis;
    return Axes{rows, rows == rank - 1 ? rank - 2 : rank - 1};
  }
  return std::nullopt;
}

// The axes of a weight of this rank at that input, or nullopt when it is no weight there. A file may give
// an operator a weight of the wrong rank, or Gather any axis.
std::optional<Axes> axes_of(const Node& node, std::size_t input, std::int64_t rank) {
  const auto axes = axes_by_operator(node, input, rank);
  const auto inside = [&](std::int64_t axis) { return axis >= 0 && axis < rank; };
  return axes && inside(axes->channel) && inside(axes->input) ? axes : std::nullopt;
}

struct Selection {
  std::optional<std::int64_t> channel_axis;
  std::optional<std::int64_t> input_axis;
  std::string refusal;  // empty: it is a weight
};

// One place where a node reads a value, or (kNoNode) where a subgraph returns it.
struct Use {
  const Graph* graph;
  NodeId node;
  std::size_t input;
};

// Every use of a value, in its graph and in the subgraphs that capture it.
void collect_uses(const ir::Model& model, const Graph& graph, ValueId id, std::vector<Use>& uses) {
  if (graph.is_output(id)) uses.push_back({&graph, ir::kNoNode, 0});
  std::vector<NodeId> readers = graph.value(id).readers;
  std::ranges::sort(readers);
  const auto [repeated, end] = std::ranges::unique(readers);
  readers.erase(repeated, end);
  for (const NodeId reader : readers) {
    const Node& node = graph.node(reader);
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      if (node.inputs[i] == id) uses.push_back({&graph, reader, i});
    }
    for (const ir::GraphId subgraph : node.subgraphs()) {
      const Graph& inner = model.graph(subgraph);
      for (const ValueId captured : inner.captures()) {
        if (inner.value(captured).captured == id) collect_uses(model, inner, captured, uses);
      }
    }
  }
}

Selection examine(const ir::Model& model, const Graph& graph, ValueId id, const PassContext& context) {
  const Value& value = graph.value(id);
  const auto rank = std::ssize(value.constant->shape);
  if (value.is_input) return {{}, {}, "it is a graph input that a caller may override"};
  if (value.output_uses > 0) return {{}, {}, "it is a graph output"};
  if (value.constant->dtype != ir::DType::float32) {
    return {{},
            {},
            fmt::format("its type is {}, and only float32 weights are compressed",
                        name_of(value.constant->dtype))};
  }
  std::vector<Use> uses;
  collect_uses(model, graph, id, uses);
  if (uses.empty()) return {{}, {}, "nothing reads it"};
  std::optional<Axes> axes;
  bool channels_agree = true;
  bool inputs_agree = true;
  std::vector<std::string> readers;
  for (const Use& use : uses) {
    if (use.node == ir::kNoNode) return {{}, {}, "a subgraph returns it"};
    const Node& node = use.graph->node(use.node);
    const auto found = axes_of(node, use.input, rank);
    if (!found) {
      return {
          {},
          {},
          fmt::format("{} reads it, which is no weight of a linear operator", use.graph->describe(use.node))};
    }
    channels_agree = channels_agree && (!axes || axes->channel == found->channel);
    inputs_agree = inputs_agree && (!axes || axes->input == found->input);
    axes = found;
    readers.push_back(node.name);
  }
  if (!context.selects(value.name, readers)) return {{}, {}, "excluded by --include or --exclude"};
  Selection selection;
  if (channels_agree) selection.channel_axis = axes->channel;
  if (inputs_agree) selection.input_axis = axes->input;
  return selection;
}

}  // namespace

std::vector<Weight> select_weights(const ir::Model& model, PassContext& context) {
  std::vector<Weight> weights;
  for (const ir::GraphId graph_id : model.graphs()) {
    const Graph& graph = model.graph(graph_id);
    for (const ValueId id : graph.values()) {
      const Value& value = graph.value(id);
      if (value.constant == nullptr || !ir::is_float(value.constant->dtype) ||
          value.constant->shape.size() < 2)
        continue;
      Selection selection = examine(model, graph, id, context);
      if (selection.refusal.empty()) {
        weights.push_back({graph_id, id, value.name, selection.channel_axis, selection.input_axis});
      } else {
        context.skipped_tensor(value.name, std::move(selection.refusal));
      }
    }
  }
  return weights;
}

}  // namespace pith::passes
