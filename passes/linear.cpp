#include "passes/linear.h"

#include <cmath>
#include <optional>
#include <set>
#include <utility>

#include "ir/rewriter.h"

namespace pith::passes {
namespace {

using ir::Graph, ir::Node, ir::NodeId, ir::Shape, ir::Tensor, ir::ValueId;

// nullopt when the weight's shape does not suit the operator.
std::optional<Layout> layout_of(const Node& node, const Shape& shape) {
  if (node.is("Gemm") || node.is("MatMul")) {
    if (shape.size() != 2) return std::nullopt;
    return Layout{1, ir::view_along(shape, node.attribute<std::int64_t>("transB", 0) != 0 ? 0 : 1)};
  }
  if (shape.size() < 3) return std::nullopt;
  if (node.is("Conv")) return Layout{1, ir::view_along(shape, 0)};
  Layout layout{1, ir::view_along(shape, 1)};
  const auto groups = node.attribute<std::int64_t>("group", 1);
  if (groups < 1 || shape[0] % groups != 0) return std::nullopt;
  layout.groups = static_cast<std::size_t>(groups);
  layout.view.outer /= layout.groups;
  return layout;
}

// Gemm's bias may be broadcast: one value for all, or leading dimensions of 1.
Found<Channels> read_gemm_bias(const Graph& graph, ValueId id, std::size_t channels) {
  const auto tensor = graph.constant_f32(id);
  if (!tensor) return refuse("the bias of its Gemm is not a float32 constant");
  const auto values = tensor->as<float>();
  if (values.size() == 1) return Channels(channels, static_cast<double>(values[0]));
  if (values.size() != channels || tensor->shape().back() != static_cast<std::int64_t>(channels))
    return refuse("the bias of its Gemm does not hold one value a channel");
  return Channels(values.begin(), values.end());
}

// False when a value is not finite.
bool scale_weight(const Layout& layout, const Channels& factors, std::vector<float>& weight) {
  std::size_t i = 0;
  for (std::size_t group = 0; group < layout.groups; ++group) {
    for (std::size_t outer = 0; outer < layout.view.outer; ++outer) {
      for (std::size_t channel = 0; channel < layout.view.dim; ++channel) {
        const double factor = factors[group * layout.view.dim + channel];
        for (std::size_t inner = 0; inner < layout.view.inner; ++inner, ++i) {
          const auto value = static_cast<float>(static_cast<double>(weight[i]) * factor);
          if (!std::isfinite(value)) return false;
          weight[i] = value == 0.0F ? 0.0F : value;  // a pruned weight stays zero and does not become -0.0
        }
      }
    }
  }
  return true;
}

// The operator whose result only one node reads, or why there is none.
Found<NodeId> find_producer(const Graph& graph, ValueId result, bool accept_matmul) {
  const std::string none = std::string("its input is not the result of a Conv, ConvTranspose") +
                           (accept_matmul ? ", Gemm or MatMul" : " or Gemm");
  const NodeId id = graph.producer(result);
  if (id == ir::kNoNode) return refuse(none);
  const Node& producer = graph.node(id);
  if (!producer.is("Conv") && !producer.is("ConvTranspose") && !producer.is("Gemm") &&
      !(accept_matmul && producer.is("MatMul")))
    return refuse(none);
  if (graph.is_output(result)) return refuse("the result of its " + producer.op_type + " is a graph output");
  if (!graph.has_one_reader(result))
    return refuse("the result of its " + producer.op_type + " has another reader");
  if (producer.is("Gemm") && producer.attribute<float>("beta", 1.0F) != 1.0F)
    return refuse("the beta of its Gemm is not 1");
  return id;
}

}  // namespace

Found<Channels> read_channels(const Graph& graph, ValueId id, std::size_t channels, const std::string& what) {
  const auto tensor = graph.constant_f32(id);
  if (!tensor) return refuse(what + " is not a float32 constant");
  if (tensor->shape() != Shape{static_cast<std::int64_t>(channels)})
    return refuse(what + " does not hold one value a channel");
  const auto values = tensor->as<float>();
  return Channels(values.begin(), values.end());
}

Found<Linear> find_linear(const Graph& graph, ValueId result, bool accept_matmul) {
  PITH_TRY(const NodeId id, find_producer(graph, result, accept_matmul));
  const Node& producer = graph.node(id);
  const ir::Constant* weight = graph.constant(producer.input(1));
  if (weight == nullptr || weight->dtype != ir::DType::float32)
    return refuse("the weight of its " + producer.op_type + " is not a float32 constant");
  if (!std::holds_alternative<ir::Dense>(weight->form))
    return refuse("the weight of its " + producer.op_type + " is compressed; fold before compressing");
  const auto layout = layout_of(producer, weight->shape);
  if (!layout)
    return refuse("the weight of its " + producer.op_type + " has shape " + ir::to_string(weight->shape));
  return Linear{id, *layout, to_dense(*weight), producer.has_input(2)};
}

Found<Channels> read_bias(const Graph& graph, const Linear& linear) {
  const Node& node = graph.node(linear.node);
  const std::size_t channels = linear.layout.channels();
  if (!linear.has_bias) return Channels(channels, 0.0);
  if (node.is("Gemm")) return read_gemm_bias(graph, node.input(2), channels);
  return read_channels(graph, node.input(2), channels, "the bias of its " + node.op_type);
}

Found<Folded> fold_channels(const Linear& linear, const Channels& factors, const Channels& bias) {
  Folded folded;
  bool finite = true;
  for (const double value : bias) {
    folded.bias.push_back(static_cast<float>(value));
    finite = finite && std::isfinite(folded.bias.back());
  }
  const auto values = linear.weight.as<float>();
  std::vector<float> weight(values.begin(), values.end());
  if (!finite || !scale_weight(linear.layout, factors, weight))
    return refuse("the folded weights would not be finite");
  folded.weight = Tensor::of(linear.weight.shape(), std::move(weight));
  return folded;
}

void store_folded(ir::Model& model, ir::GraphId graph_id, const Linear& linear, Folded folded, bool with_bias,
                  NodeId other, const std::string& bias_name) {
  const Graph& graph = model.graph(graph_id);
  const Node& node = graph.node(linear.node);
  const ValueId weight = node.input(1);
  const ValueId bias = node.input(2);
  const ValueId result = node.outputs[0];
  // Ordered and unique: one constant may serve as several parameters.
  std::set<ValueId> replaced(graph.node(other).inputs.begin(), graph.node(other).inputs.end());
  replaced.erase(result);
  replaced.insert({weight, bias});
  replaced.erase(ir::kNoValue);
  const std::string weight_name = graph.value(weight).name;
  const std::string name = bias == ir::kNoValue ? bias_name : graph.value(bias).name;

  ir::Rewriter edit(model, graph_id);
  edit.set_input(linear.node, 1, edit.add_constant(weight_name, std::move(folded.weight)));
  if (with_bias) {
    const auto channels = static_cast<std::int64_t>(folded.bias.size());
    edit.set_input(linear.node, 2, edit.add_constant(name, Tensor::of({channels}, std::move(folded.bias))));
  }
  edit.take_over_output(result, other);
  for (const ValueId id : replaced) {
    const ir::Value& value = graph.value(id);
    if (value.constant != nullptr && !value.is_input && !graph.is_used(id)) edit.remove_constant(id);
  }
}

}  // namespace pith::passes
