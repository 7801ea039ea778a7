// Models around one weight whose exact bits a test wants to choose.
#pragma once

#include <random>
#include <string>
#include <vector>

#include "ir/graph_builder.h"
#include "ir/model.h"

namespace pith::test {

// y = op(x, w), or op(w, x) for Gather, for each of `ops`: operators that read the same weight 'w'.
inline ir::Model model_around(ir::Constant weight, const std::vector<std::string>& ops = {"MatMul"}) {
  ir::Model model;
  model.ir_version = 8;
  model.opsets = {{"", 17}};
  ir::GraphBuilder builder(model);
  const auto value = [&](std::string name) {
    ir::Value v;
    v.name = std::move(name);
    v.type.dtype = ir::DType::float32;
    return v;
  };
  const ir::ValueId x = builder.add_value(value("x"));
  builder.add_input(x);
  ir::Value w = value("w");
  w.constant = std::make_shared<const ir::Constant>(std::move(weight));
  const ir::ValueId w_id = builder.add_value(std::move(w));
  for (const std::string& op : ops) {
    const ir::ValueId y = builder.add_value(value("y_" + op));
    ir::Node node;
    node.op_type = op;
    node.name = "n_" + op;
    node.inputs = op == "Gather" ? std::vector{w_id, x} : std::vector{x, w_id};
    node.outputs = {y};
    builder.append_node(std::move(node));
    builder.add_output(y);
  }
  return model;
}

inline ir::Model model_around(ir::Shape shape, std::vector<float> weights,
                              const std::vector<std::string>& ops = {"MatMul"}) {
  return model_around(ir::Constant::dense(ir::Tensor::of(std::move(shape), std::move(weights))), ops);
}

// The constant of that name in the main graph.
inline const ir::Constant& constant_named(const ir::Model& model, std::string_view name) {
  for (const ir::ValueId id : model.graph().values()) {
    const ir::Value& value = model.graph().value(id);
    if (value.name == name && value.constant != nullptr) return *value.constant;
  }
  throw InternalError("no constant '" + std::string(name) + "'");
}

inline std::vector<float> values_of(const ir::Model& model, std::string_view name = "w") {
  const ir::Tensor dense = to_dense(constant_named(model, name));
  const auto values = dense.as<float>();
  return {values.begin(), values.end()};
}

// Numbers between -1 and 1, the same on every system.
inline std::vector<float> seeded_weights(std::size_t count, unsigned seed = 1) {
  std::mt19937 random(seed);
  std::vector<float> weights(count);
  for (float& weight : weights) {
    weight = static_cast<float>(static_cast<double>(random()) / 2147483648.0 - 1.0);
  }
  return weights;
}

}  // namespace pith::test
