#include "quantize/layers.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include "passes/places.h"
#include "passes/weights.h"
#include "quantize/convert_weights.h"

namespace pith::quantize {
namespace {

using ir::Graph, ir::Node, ir::NodeId, ir::ValueId;

// Below this a record of its own costs more than rounding saves.
constexpr std::uint64_t kLeastElements = 32;

std::size_t dim(const ir::Shape& shape, std::size_t axis) {
  return static_cast<std::size_t>(shape[axis]);
}

// Dense or sparse, finite, and large enough; else why not.
std::string refusal(const ir::Constant& constant) {
  if (!std::holds_alternative<ir::Dense>(constant.form) && !std::holds_alternative<ir::Sparse>(constant.form))
    return fmt::format("its form is {} already", form_name(constant.form));
  if (ir::element_count(constant.shape).value_or(0) < kLeastElements)
    return fmt::format("it has less than {} elements", kLeastElements);
  return "";
}

// Elements that each count by themselves.
Layer values_layer(ir::GraphId graph, ValueId value, std::string name, ir::Tensor weights) {
  Layer layer;
  layer.graph = graph;
  layer.value = value;
  layer.name = std::move(name);
  layer.view = {.rows = weights.element_count(), .row_stride = 1};
  layer.weights = std::move(weights);
  return layer;
}

// How the node multiplies with its input number `slot`, when that is followed.
struct Product {
  Layer::Kind kind;
  MatrixView view;
  ValueId input;
};

std::optional<Product> gemm_product(const Node& node, const ir::Shape& shape) {
  if (node.attribute<std::int64_t>("transA", 0) != 0 || node.attribute<float>("alpha", 1.0F) != 1.0F)
    return std::nullopt;
  const bool transposed = node.attribute<std::int64_t>("transB", 0) != 0;
  const std::size_t first = dim(shape, 0);
  const std::size_t second = dim(shape, 1);
  const MatrixView view =
      transposed ? MatrixView{.rows = first, .columns = second, .row_stride = second, .column_stride = 1}
                 : MatrixView{.rows = second, .columns = first, .row_stride = 1, .column_stride = second};
  return Product{Layer::Kind::product, view, node.input(0)};
}

std::optional<Product> convolution_product(const Node& node, const ir::Shape& shape) {
  const auto groups = static_cast<std::size_t>(node.attribute<std::int64_t>("group", 1));
  if (groups == 0 || dim(shape, 0) % groups != 0) return std::nullopt;
  std::size_t columns = 1;
  for (std::size_t axis = 1; axis < shape.size(); ++axis) columns *= dim(shape, axis);
  const std::size_t rows = dim(shape, 0) / groups;
  return Product{Layer::Kind::convolution,
                 {.groups = groups,
                  .rows = rows,
                  .columns = columns,
                  .group_stride = rows * columns,
                  .row_stride = columns},
                 node.input(0)};
}

std::optional<Product> transposed_product(const Node& node, const ir::Shape& shape) {
  const auto groups = static_cast<std::size_t>(node.attribute<std::int64_t>("group", 1));
  if (groups == 0 || dim(shape, 0) % groups != 0) return std::nullopt;
  std::size_t rows = 1;
  for (std::size_t axis = 1; axis < shape.size(); ++axis) rows *= dim(shape, axis);
  const std::size_t columns = dim(shape, 0) / groups;
  return Product{Layer::Kind::transposed,
                 {.groups = groups,
                  .rows = rows,
                  .columns = columns,
                  .group_stride = rows * columns,
                  .row_stride = 1,
                  .column_stride = rows},
                 node.input(0)};
}

// Weights [directions, gates x hidden, inputs].
std::optional<Product> recurrent_product(const Node& node, std::size_t slot, const ir::Shape& shape) {
  if (node.attribute<std::int64_t>("layout", 0) != 0 || shape.size() != 3) return std::nullopt;
  const std::size_t rows = dim(shape, 1);
  const std::size_t columns = dim(shape, 2);
  const MatrixView view{.groups = dim(shape, 0),
                        .rows = rows,
                        .columns = columns,
                        .group_stride = rows * columns,
                        .row_stride = columns};
  if (slot == 1) return Product{Layer::Kind::product, view, node.input(0)};
  if (!node.has_output(0)) return std::nullopt;
  return Product{Layer::Kind::recurrence, view, node.outputs[0]};
}

std::optional<Product> product_of(const Node& node, std::size_t slot, const ir::Shape& shape) {
  if (node.is("Gemm") && slot == 1 && shape.size() == 2) return gemm_product(node, shape);
  if (node.is("MatMul") && slot == 1 && shape.size() == 2) {
    return Product{
        Layer::Kind::product,
        {.rows = dim(shape, 1), .columns = dim(shape, 0), .row_stride = 1, .column_stride = dim(shape, 1)},
        node.input(0)};
  }
  if (node.is("Conv") && slot == 1 && shape.size() >= 3) return convolution_product(node, shape);
  if (node.is("ConvTranspose") && slot == 1 && shape.size() >= 3) return transposed_product(node, shape);
  const bool recurrent = node.is("LSTM") || node.is("GRU") || node.is("RNN");
  if (recurrent && (slot == 1 || slot == 2)) return recurrent_product(node, slot, shape);
  return std::nullopt;
}

// The bias that the node adds to each row, when only this node reads it.
ValueId bias_of(const Graph& graph, const Node& node, std::size_t rows) {
  if (!node.is("Gemm") && !node.is("Conv") && !node.is("ConvTranspose")) return ir::kNoValue;
  if (node.is("Gemm") && node.attribute<float>("beta", 1.0F) != 1.0F) return ir::kNoValue;
  const ValueId id = node.input(2);
  const ir::Constant* constant = graph.constant(id);
  const bool fits = constant != nullptr && constant->dtype == ir::DType::float32 &&
                    graph.has_one_reader(id) && std::holds_alternative<ir::Dense>(constant->form) &&
                    constant->shape.size() == 1 && dim(constant->shape, 0) == rows;
  return fits ? id : ir::kNoValue;
}

void follow_input(const Graph& graph, const passes::Uses& uses, const passes::Weight& weight, Layer& layer) {
  if (layer.graph != ir::kMainGraph || uses.readers.size() != 1 || uses.readers[0].graph != ir::kMainGraph)
    return;
  const NodeId id = uses.readers[0].node;
  const Node& node = graph.node(id);
  const auto slot =
      static_cast<std::size_t>(std::ranges::find(node.inputs, layer.value) - node.inputs.begin());
  const auto product = product_of(node, slot, layer.weights.shape());
  if (!product || product->input == ir::kNoValue || graph.constant(product->input) != nullptr) return;
  if (product->view.size() != layer.weights.element_count()) return;
  layer.kind = product->kind;
  layer.view = product->view;
  layer.input = product->input;
  layer.node = id;
  const std::int64_t channel = weight.channel_axis.value_or(-1);
  const bool rows_alone =
      channel >= 0 && static_cast<std::size_t>(layer.weights.shape()[static_cast<std::size_t>(channel)]) ==
                          layer.view.groups * layer.view.rows;
  if (rows_alone) layer.row_axis = channel;
  // A row of ConvTranspose is a channel at a place of the kernel, and has no bias of its own.
  if (layer.kind != Layer::Kind::transposed)
    layer.bias = bias_of(graph, node, layer.view.groups * layer.view.rows);
}

// Whether rounding this input leaves the node what it is.
bool takes_rounded(const Node& node, std::size_t slot) {
  constexpr std::array<std::string_view, 3> kElementwise{"Add", "Sub", "Mul"};
  if (node.domain.empty() && std::ranges::find(kElementwise, node.op_type) != kElementwise.end()) return true;
  if ((node.is("Conv") || node.is("ConvTranspose") || node.is("Gemm")) && slot == 2) return true;
  if ((node.is("LSTM") || node.is("GRU") || node.is("RNN")) && slot == 3) return true;
  if ((node.is("LayerNormalization") || node.is("GroupNormalization") || node.is("InstanceNormalization")) &&
      slot >= 1)
    return true;
  return node.is("PRelu") && slot == 1;
}

// Why a constant that is no weight stays as it is; empty when it does not.
std::string refusal_of_readers(const ir::Model& model, passes::Place place, const passes::Uses& uses) {
  if (uses.is_output) return "it is an output";
  for (const passes::NodePlace& reader : uses.readers) {
    const Graph& graph = model.graph(reader.graph);
    const Node& node = graph.node(reader.node);
    for (std::size_t slot = 0; slot < node.inputs.size(); ++slot) {
      if (node.inputs[slot] == ir::kNoValue) continue;
      const bool reads_it = passes::source_of(model, {reader.graph, node.inputs[slot]}) == place;
      if (reads_it && !takes_rounded(node, slot))
        return fmt::format("{} reads it", graph.describe(reader.node));
    }
  }
  return "";
}

}  // namespace

std::vector<Layer> find_layers(const ir::Model& model, passes::PassContext& context) {
  const auto uses = passes::collect_uses(model);
  std::vector<Layer> layers;
  passes::PassContext selection = context;  // its skips are looked at again below
  static_cast<void>(selection.take_skipped());
  std::map<passes::Place, passes::Weight> weights;
  for (const passes::Weight& weight : passes::select_weights(model, selection))
    weights.emplace(passes::Place{weight.graph, weight.value}, weight);

  for (const ir::GraphId graph_id : model.graphs()) {
    const Graph& graph = model.graph(graph_id);
    for (const ValueId id : graph.values()) {
      const ir::Value& value = graph.value(id);
      if (value.constant == nullptr || value.constant->dtype != ir::DType::float32) continue;
      const bool large = ir::element_count(value.constant->shape).value_or(0) >= kLeastElements;
      if (!large && value.constant->shape.size() < 2) continue;
      const passes::Place place{graph_id, id};
      const auto found = uses.find(place);
      std::string why =
          value.is_input ? "it is a graph input that a caller may override" : refusal(*value.constant);
      if (why.empty() && found == uses.end()) why = "nothing reads it";
      const bool is_weight = weights.contains(place);
      std::vector<std::string> readers;
      if (why.empty() && !is_weight) {
        why = refusal_of_readers(model, place, found->second);
        for (const auto& reader : found->second.readers)
          readers.push_back(model.graph(reader.graph).node(reader.node).name);
        if (why.empty() && !context.selects(value.name, readers)) why = "excluded by --include or --exclude";
      }
      ir::Tensor dense;
      if (why.empty()) {
        dense = to_dense(*value.constant);
        if (!all_finite(dense)) why = "it has NaN or infinite values";
      }
      if (!why.empty()) {
        context.skipped_tensor(value.name, std::move(why));
        continue;
      }
      layers.push_back(values_layer(graph_id, id, value.name, std::move(dense)));
      if (is_weight) follow_input(graph, found->second, weights.at(place), layers.back());
    }
  }
  return layers;
}

}  // namespace pith::quantize
