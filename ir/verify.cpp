#include "ir/verify.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <set>

namespace pith::ir {
namespace {

class Verifier {
 public:
  Verifier(const Model& model, GraphId id)
      : model_(model),
        id_(id),
        graph_(model.graph(id)),
        values_(graph_.values()),
        live_(values_.begin(), values_.end()) {}

  Result<void> run() {
    PITH_CHECK_OK(check_sources());
    for (const NodeId id : graph_.nodes()) {
      if (auto checked = check_node(id); !checked) {
        return std::unexpected(std::move(checked).error().in(graph_.describe(id)));
      }
    }
    for (const ValueId output : graph_.outputs()) {
      if (!available_.contains(output)) return wrong("a graph output has no source");
    }
    return check_uses();
  }

 private:
  static std::unexpected<Error> wrong(std::string message) {
    return fail(ErrorCode::model, std::move(message));
  }

  // Graph inputs, constants and captures are there before the first node.
  Result<void> check_sources() {
    const std::set<ValueId> inputs(graph_.inputs().begin(), graph_.inputs().end());
    if (inputs.size() != graph_.inputs().size()) return wrong("a graph input is listed twice");
    for (const ValueId id : values_) {
      const Value& v = graph_.value(id);
      const bool constant = v.constant != nullptr;
      const bool captured = v.captured != kNoValue;
      if (v.is_input != inputs.contains(id))
        return wrong(fmt::format("'{}' disagrees about being an input", v.name));
      const int sources =
          (v.producer != kNoNode ? 1 : 0) + (captured ? 1 : 0) + (constant || v.is_input ? 1 : 0);
      if (sources > 1) return wrong(fmt::format("'{}' has two sources", v.name));
      if (constant) {
        if (auto checked = check(*v.constant); !checked) {
          return std::unexpected(std::move(checked).error().in(fmt::format("tensor '{}'", v.name)));
        }
        if (!std::holds_alternative<Dense>(v.constant->form)) release(*v.constant);
      }
      if (captured && !owner_reads(v.captured))
        return wrong(fmt::format("'{}' captures what its owner does not read", v.name));
      if (constant || captured || v.is_input) available_.insert(id);
    }
    return {};
  }

  bool owner_reads(ValueId outer) const {
    if (graph_.parent() == kNoGraph) return false;
    const auto& readers = model_.graph(graph_.parent()).value(outer).readers;
    return std::ranges::find(readers, graph_.owner()) != readers.end();
  }

  Result<void> check_node(NodeId id) {
    const Node& node = graph_.node(id);
    for (const ValueId input : node.inputs) {
      if (input == kNoValue) continue;
      if (!live_.contains(input)) return wrong("reads a value that was removed");
      if (!available_.contains(input))
        return wrong(fmt::format("reads '{}' before it is produced", graph_.value(input).name));
      ++reads_[{input, id}];
    }
    for (const ValueId output : node.outputs) {
      if (output == kNoValue) continue;
      if (!live_.contains(output)) return wrong("produces a value that was removed");
      if (graph_.value(output).producer != id)
        return wrong(fmt::format("'{}' names another producer", graph_.value(output).name));
      if (!available_.insert(output).second)
        return wrong(fmt::format("'{}' is produced twice", graph_.value(output).name));
    }
    for (std::size_t i = 1; i < node.attributes.size(); ++i) {
      if (node.attributes[i - 1].first >= node.attributes[i].first)
        return wrong("attributes are not sorted and unique");
    }
    for (const GraphId subgraph : node.subgraphs()) {
      const Graph& inner = model_.graph(subgraph);
      if (inner.parent() != id_ || inner.owner() != id) return wrong("a subgraph belongs to another node");
      for (const ValueId captured : inner.captures()) {
        const ValueId outer = inner.value(captured).captured;
        if (!live_.contains(outer)) return wrong("a subgraph captures a value that was removed");
        if (!available_.contains(outer))
          return wrong(fmt::format("captures '{}' before it is produced", graph_.value(outer).name));
        ++reads_[{outer, id}];
      }
    }
    return {};
  }

  Result<void> check_uses() const {
    std::map<ValueId, int> outputs;
    for (const ValueId output : graph_.outputs()) ++outputs[output];
    std::map<std::pair<ValueId, NodeId>, int> recorded;
    for (const ValueId id : values_) {
      const Value& v = graph_.value(id);
      for (const NodeId reader : v.readers) ++recorded[{id, reader}];
      const auto found = outputs.find(id);
      if (v.output_uses != (found == outputs.end() ? 0 : found->second)) {
        return wrong(fmt::format("'{}' miscounts its graph outputs", v.name));
      }
      if (v.producer != kNoNode && !available_.contains(id))
        return wrong(fmt::format("'{}' names a producer that does not make it", v.name));
    }
    if (recorded != reads_) return wrong("the recorded readers of a value are not the nodes that read it");
    return {};
  }

  const Model& model_;
  GraphId id_;
  const Graph& graph_;
  std::vector<ValueId> values_;
  std::set<ValueId> live_;
  std::set<ValueId> available_;
  std::map<std::pair<ValueId, NodeId>, int> reads_;
};

}  // namespace

Result<void> verify(const Model& model) {
  for (const GraphId id : model.graphs()) {
    if (auto checked = Verifier(model, id).run(); !checked) {
      return std::unexpected(
          std::move(checked).error().in(fmt::format("graph '{}'", model.graph(id).name())));
    }
  }
  return {};
}

}  // namespace pith::ir
