#include "ir/onnx/operators.h"

#include <set>

#include "ir/onnx/visit_nodes.h"

namespace pith::ir::onnx {
namespace {

class Collector {
 public:
  void add(const std::string& domain, const std::string& op_type) {
    names_.insert(is_onnx_domain(domain) ? op_type : domain + "::" + op_type);
  }

  template <class Owner>
  void add_nodes(const Owner& owner) {
    visit_nodes(owner, [&](const proto::NodeProto& node) { add(node.domain(), node.op_type()); });
  }

  [[nodiscard]] std::vector<std::string> names() const { return {names_.begin(), names_.end()}; }

 private:
  std::set<std::string> names_;
};

// Of what a message has beside its graph.
void add_functions_and_training(const proto::ModelProto& message, Collector& collector) {
  for (const auto& function : message.functions()) collector.add_nodes(function);
  for (const auto& training : message.training_info()) {
    collector.add_nodes(training.initialization());
    collector.add_nodes(training.algorithm());
  }
}

}  // namespace

std::vector<std::string> operators(const Model& model) {
  Collector collector;
  for (const GraphId graph : model.graphs()) {
    for (const NodeId node : model.graph(graph).nodes()) {
      collector.add(model.graph(graph).node(node).domain, model.graph(graph).node(node).op_type);
    }
  }
  proto::ModelProto carried;
  PITH_ASSERT(carried.ParsePartialFromString(model.carried), "a carried message that was changed");
  add_functions_and_training(carried, collector);
  return collector.names();
}

std::vector<std::string> operators(const proto::ModelProto& message) {
  Collector collector;
  collector.add_nodes(message.graph());
  add_functions_and_training(message, collector);
  return collector.names();
}

}  // namespace pith::ir::onnx
