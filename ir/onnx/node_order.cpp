#include "ir/onnx/node_order.h"

#include <fmt/core.h>

#include <queue>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace pith::ir::onnx {
namespace {

using Producers = std::unordered_map<std::string_view, int>;

// Calls `visit` with every name that the node or a subgraph of it reads. Names that a subgraph defines
// itself may be visited too: they only matter where an outer node has an output of that name.
template <class Visit>
void visit_reads(const proto::NodeProto& node, const Visit& visit) {
  for (const std::string& name : node.input()) visit(name);
  const auto visit_graph = [&](const proto::GraphProto& graph) {
    for (const auto& inner : graph.node()) visit_reads(inner, visit);
    for (const auto& output : graph.output()) visit(output.name());
  };
  for (const auto& attribute : node.attribute()) {
    if (attribute.has_g()) visit_graph(attribute.g());
    for (const auto& graph : attribute.graphs()) visit_graph(graph);
  }
}

bool is_in_order(const proto::GraphProto& graph, const Producers& producers) {
  for (int i = 0; i < graph.node_size(); ++i) {
    bool fine = true;
    visit_reads(graph.node(i), [&](const std::string& name) {
      const auto found = producers.find(name);
      fine = fine && (found == producers.end() || found->second < i);
    });
    if (!fine) return false;
  }
  return true;
}

}  // namespace

Result<void> put_in_order(proto::GraphProto& graph) {
  Producers producers;
  for (int i = 0; i < graph.node_size(); ++i) {
    for (const std::string& name : graph.node(i).output()) {
      if (!name.empty()) producers.emplace(name, i);
    }
  }
  if (is_in_order(graph, producers)) return {};

  // Kahn's algorithm, the earliest ready node first.
  const auto count = static_cast<std::size_t>(graph.node_size());
  std::vector<int> missing(count);
  std::vector<std::vector<int>> readers(count);
  for (int i = 0; i < graph.node_size(); ++i) {
    visit_reads(graph.node(i), [&](const std::string& name) {
      const auto found = producers.find(name);
      if (found == producers.end()) return;
      ++missing[static_cast<std::size_t>(i)];
      readers[static_cast<std::size_t>(found->second)].push_back(i);
    });
  }
  std::priority_queue<int, std::vector<int>, std::greater<>> ready;
  for (int i = 0; i < graph.node_size(); ++i) {
    if (missing[static_cast<std::size_t>(i)] == 0) ready.push(i);
  }
  google::protobuf::RepeatedPtrField<proto::NodeProto> ordered;
  while (!ready.empty()) {
    const int next = ready.top();
    ready.pop();
    ordered.Add()->Swap(graph.mutable_node(next));
    for (const int reader : readers[static_cast<std::size_t>(next)]) {
      if (--missing[static_cast<std::size_t>(reader)] == 0) ready.push(reader);
    }
  }
  if (ordered.size() != graph.node_size()) {
    return fail(ErrorCode::model, fmt::format("{} nodes read each other's results in a circle",
                                              graph.node_size() - ordered.size()));
  }
  graph.mutable_node()->Swap(&ordered);
  return {};
}

}  // namespace pith::ir::onnx
