// Makes the readers of equal computations share one.
//
//   before   a = Relu(x)    b = Relu(x)    y = Add(a, b)
//   after    a = Relu(x)                   y = Add(a, a)
//   where    equal means the same operator, attributes bit for bit, and the same inputs
//
// The first stays; in a subgraph, one of the graph around it that comes before the node which owns the
// subgraph will do. Left alone: operators of other domains than ONNX's own, which may have effects or a
// state; random ones, and Dropout and BatchNormalization, which are random or have a state in training; nodes
// with subgraphs; a repeated node whose results are graph outputs as well as the first one's, which keep
// their names, or that a subgraph would have to return from outside.

#include "passes/eliminate_common_subexpressions.h"

#include <algorithm>
#include <array>
#include <map>
#include <string>

#include "ir/overloaded.h"
#include "ir/rewriter.h"
#include "passes/places.h"

namespace pith::passes {
namespace {

using ir::Graph, ir::Node, ir::NodeId, ir::ValueId;

bool may_be_merged(const Node& node) {
  static constexpr std::array<std::string_view, 9> kNever{
      "Bernoulli",        "BatchNormalization", "Dropout",           "Multinomial",      "RandomNormal",
      "RandomNormalLike", "RandomUniform",      "RandomUniformLike", "SequenceConstruct"};
  return node.domain.empty() && node.subgraphs().empty() && !node.outputs.empty() && node.has_output(0) &&
         std::ranges::find(kNever, node.op_type) == kNever.end();
}

// What a node computes, as bytes: equal for equal computations only.
class Key {
 public:
  void text(std::string_view characters) {
    number(characters.size());
    bytes_ += characters;
  }
  template <class T>
  void number(T value) {
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof(value));
  }
  void tensor(const ir::Tensor& array) {
    number(array.dtype());
    number(array.shape().size());
    for (const std::int64_t dim : array.shape()) number(dim);
    text(array.buffer().text());
  }
  void attribute(const ir::Attribute& held) {
    number(held.index());
    std::visit(ir::Overloaded{[&](std::int64_t value) { number(value); }, [&](float value) { number(value); },
                              [&](const std::string& value) { text(value); },
                              [&](const ir::Tensor& value) { tensor(value); },
                              [&](ir::GraphId value) { number(value); },
                              [&](const ir::CarriedAttribute& value) { text(value.message); },
                              [&](const std::vector<std::string>& values) {
                                number(values.size());
                                for (const auto& value : values) text(value);
                              },
                              [&](const std::vector<ir::Tensor>& values) {
                                number(values.size());
                                for (const auto& value : values) tensor(value);
                              },
                              [&](const auto& values) {
                                number(values.size());
                                for (const auto value : values) number(value);
                              }},
               held);
  }
  [[nodiscard]] std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

std::string key_of(const ir::Model& model, ir::GraphId graph, const Node& node) {
  Key key;
  key.text(node.op_type);
  // Which results there are is part of what is computed: of a MaxPool with and without indices.
  key.number(node.outputs.size());
  for (std::size_t i = 0; i < node.outputs.size(); ++i) key.number(node.has_output(i));
  for (const ValueId input : node.inputs) {
    const Place source = input == ir::kNoValue ? Place{} : source_of(model, {graph, input});
    key.number(source.graph);
    key.number(source.value);
  }
  key.number(node.inputs.size());
  for (const auto& [name, attribute] : node.attributes) {
    key.text(name);
    key.attribute(attribute);
  }
  return key.take();
}

class Walk {
 public:
  Walk(ir::Model& model, PassContext& context) : model_(model), context_(context) {}

  // Graphs nest no deeper than the importer allows.
  Result<void> run(ir::GraphId graph_id) {
    std::vector<std::string> added;
    for (const NodeId id : model_.graph(graph_id).nodes()) {
      PITH_CHECK_OK(context_.keep_going());
      const Node& node = model_.graph(graph_id).node(id);
      for (const ir::GraphId subgraph : node.subgraphs()) PITH_CHECK_OK(run(subgraph));
      if (!may_be_merged(node)) continue;
      std::string key = key_of(model_, graph_id, node);
      const auto [first, is_new] = seen_.try_emplace(key, NodePlace{graph_id, id});
      if (is_new) {
        added.push_back(std::move(key));
        continue;
      }
      if (auto why = merge(first->second, {graph_id, id}))
        context_.skipped(model_.graph(graph_id), id, "it computes what another node does, but " + *why);
      else
        ++changes_;
    }
    // What a subgraph computes is not there outside of it.
    for (const std::string& key : added) seen_.erase(key);
    return {};
  }

  [[nodiscard]] std::size_t changes() const { return changes_; }

 private:
  // Why the repeated node has to stay, or nullopt: it is gone.
  std::optional<std::string> merge(NodePlace first, NodePlace repeated) {
    const Graph& graph = model_.graph(repeated.graph);
    const std::vector<ValueId> results = graph.node(repeated.node).outputs;
    const std::vector<ValueId> kept = model_.graph(first.graph).node(first.node).outputs;
    const bool is_output =
        std::ranges::any_of(results, [&](ValueId id) { return id != ir::kNoValue && graph.is_output(id); });
    if (is_output) {
      if (first.graph != repeated.graph) return "a subgraph returns its result";
      if (results.size() > 1) return "one of its results is a graph output";
      if (graph.is_output(kept[0])) return "the results of both are graph outputs";
      ir::Rewriter(model_, repeated.graph).take_over_output(kept[0], repeated.node);
      return std::nullopt;
    }
    ir::Rewriter edit(model_, repeated.graph);
    for (std::size_t i = 0; i < results.size(); ++i) {
      if (results[i] == ir::kNoValue || graph.value(results[i]).readers.empty()) continue;
      edit.replace_reads(results[i], seen_from(model_, repeated.graph, {first.graph, kept[i]}));
    }
    edit.remove_node(repeated.node);
    return std::nullopt;
  }

  ir::Model& model_;
  PassContext& context_;
  std::map<std::string, NodePlace, std::less<>> seen_;
  std::size_t changes_ = 0;
};

}  // namespace

Result<Outcome> EliminateCommonSubexpressions::run(ir::Model& model, PassContext& context) {
  Walk walk(model, context);
  PITH_CHECK_OK(walk.run(ir::kMainGraph));
  Outcome outcome;
  outcome.changes = walk.changes();
  return outcome;
}

}  // namespace pith::passes
