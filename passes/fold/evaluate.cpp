#include "passes/fold/evaluate.h"

#include <fmt/core.h>

#include <span>
#include <unordered_map>

#include "ir/graph_builder.h"

namespace pith::passes::fold {
namespace {

using ir::Tensor, ir::ValueId;

ValueId add_value(ir::GraphBuilder& builder, std::string name, const Tensor* tensor) {
  ir::Value value;
  value.name = std::move(name);
  if (tensor != nullptr) {
    value.type.dtype = tensor->dtype();
    value.type.shape = std::vector<ir::Dim>(tensor->shape().begin(), tensor->shape().end());
  }
  return builder.add_value(std::move(value));
}

Result<std::vector<Tensor>> run(ModelRunner& runner, const ir::Model& model, std::span<const Task> tasks) {
  ir::Model small;
  small.ir_version = model.ir_version;
  small.opsets = {{"", model.opset()}};
  ir::GraphBuilder builder(small);
  builder.set_name("fold");
  // What is known is fed rather than stored in the model: a weight is not copied to be transposed.
  std::unordered_map<const Tensor*, ValueId> fed;
  std::vector<Tensor> inputs;
  for (const Task& task : tasks) {
    ir::Node node;
    node.op_type = task.node->op_type;
    node.attributes = task.node->attributes;
    for (const Tensor* tensor : task.inputs) {
      if (tensor == nullptr) {
        node.inputs.push_back(ir::kNoValue);
        continue;
      }
      const auto [found, is_new] = fed.try_emplace(tensor, ir::kNoValue);
      if (is_new) {
        found->second = add_value(builder, fmt::format("in{}", fed.size()), tensor);
        builder.add_input(found->second);
        inputs.push_back(*tensor);
      }
      node.inputs.push_back(found->second);
    }
    const ValueId output = add_value(builder, fmt::format("out{}", &task - tasks.data()), nullptr);
    node.outputs = {output};
    builder.append_node(std::move(node));
    builder.add_output(output);
  }
  return runner.run(small, inputs);
}

Result<void> evaluate_into(ModelRunner& runner, const ir::Model& model, std::span<const Task> tasks,
                           std::span<Value> values) {
  if (tasks.empty()) return {};
  auto results = run(runner, model, tasks);
  if (results) {
    for (std::size_t i = 0; i < tasks.size(); ++i) values[i] = std::move((*results)[i]);
    return {};
  }
  if (results.error().code() == ErrorCode::environment) return std::unexpected(std::move(results).error());
  if (tasks.size() == 1) {
    values[0] = std::unexpected(results.error().message());
    return {};
  }
  const std::size_t half = tasks.size() / 2;
  PITH_CHECK_OK(evaluate_into(runner, model, tasks.first(half), values.first(half)));
  return evaluate_into(runner, model, tasks.subspan(half), values.subspan(half));
}

}  // namespace

Result<std::vector<Value>> evaluate(ModelRunner& runner, const ir::Model& model,
                                    const std::vector<Task>& tasks) {
  std::vector<Value> values(tasks.size());
  PITH_CHECK_OK(evaluate_into(runner, model, tasks, values));
  return values;
}

}  // namespace pith::passes::fold
