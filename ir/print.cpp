#include "ir/print.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include "ir/overloaded.h"

namespace pith::ir {
namespace {

std::string tensor_text(const Tensor& tensor) {
  return fmt::format("{}{}", name_of(tensor.dtype()), to_string(tensor.shape()));
}

std::string attribute_text(const Attribute& attribute) {
  return std::visit(
      Overloaded{[](std::int64_t v) { return fmt::format("{}", v); },
                 [](float v) { return fmt::format("{}", v); },
                 [](const std::string& v) { return fmt::format("\"{}\"", v); },
                 [](const Tensor& v) { return tensor_text(v); },
                 [](GraphId v) { return fmt::format("graph {}", index_of(v)); },
                 [](const std::vector<std::int64_t>& v) { return fmt::format("[{}]", fmt::join(v, ",")); },
                 [](const std::vector<float>& v) { return fmt::format("[{}]", fmt::join(v, ",")); },
                 [](const std::vector<std::string>& v) { return fmt::format("{}", v); },
                 [](const std::vector<Tensor>& v) { return fmt::format("{} tensors", v.size()); },
                 [](const std::vector<GraphId>& v) { return fmt::format("{} graphs", v.size()); },
                 [](const CarriedAttribute&) { return std::string("carried"); }},
      attribute);
}

class Printer {
 public:
  explicit Printer(const Model& model) : model_(model) {}

  std::string run() {
    print_graph(kMainGraph, 0);
    return std::move(text_);
  }

 private:
  std::string value_text(const Graph& graph, ValueId id) const {
    if (id == kNoValue) return "";
    const Value& value = graph.value(id);
    std::string text = value.name.empty() ? fmt::format("%{}", index_of(id)) : value.name;
    if (value.constant == nullptr) return text;
    if (!std::holds_alternative<Dense>(value.constant->form))
      text += fmt::format(":{}", form_name(value.constant->form));
    return text + to_string(value.constant->shape);
  }

  std::string list(const Graph& graph, const std::vector<ValueId>& ids) const {
    std::vector<std::string> texts;
    texts.reserve(ids.size());
    for (const ValueId id : ids) texts.push_back(value_text(graph, id));
    return fmt::format("{}", fmt::join(texts, ", "));
  }

  void print_graph(GraphId id, std::size_t depth) {
    const Graph& graph = model_.graph(id);
    const std::string indent(2 * depth, ' ');
    for (const NodeId node_id : graph.nodes()) {
      const Node& node = graph.node(node_id);
      text_ +=
          fmt::format("{}{} = {}{}({})", indent, list(graph, node.outputs),
                      node.domain.empty() ? "" : node.domain + "::", node.op_type, list(graph, node.inputs));
      std::vector<std::string> attributes;
      for (const auto& [key, value] : node.attributes)
        attributes.push_back(fmt::format("{}={}", key, attribute_text(value)));
      if (!attributes.empty()) text_ += fmt::format(" {{{}}}", fmt::join(attributes, " "));
      text_ += '\n';
      for (const GraphId subgraph : node.subgraphs()) print_graph(subgraph, depth + 1);
    }
    if (depth > 0) text_ += fmt::format("{}-> {}\n", indent, list(graph, graph.outputs()));
  }

  const Model& model_;
  std::string text_;
};

}  // namespace

std::string print(const Model& model) {
  return Printer(model).run();
}

}  // namespace pith::ir
