// Folds an inference-mode BatchNormalization into the linear operator that feeds it.
//
//   before   y  = BatchNormalization(Conv(x, W, b), scale, shift, mean, var)
//   after    y  = Conv(x, W', b')
//   where    k  = scale / sqrt(var + epsilon)      one factor an output channel
//            W' = W * k      b' = (b - mean) * k + shift      in double, rounded once
//
// The same for ConvTranspose, whose weight holds the output channels of each group along axis 1, and for
// Gemm, whose weight holds them along axis 1 (0 with transB); Gemm's alpha scales W' as it scaled W.
//
// Left alone: a normalization of anything else; a result that is read elsewhere or is a graph output, which
// would change too; weights and parameters that are not float32 constants of fitting sizes; weights that are
// compressed already (the fold would decode them); training mode; a Gemm whose beta is not 1, for which the
// bias is not simply added; folded values that are not finite. A weight with other readers is copied.

#include "passes/fold_batch_norm.h"

#include <array>
#include <cmath>
#include <expected>
#include <optional>
#include <set>
#include <utility>

#include "ir/rewriter.h"

namespace pith::passes {
namespace {

using ir::Graph, ir::Node, ir::NodeId, ir::Shape, ir::Tensor, ir::ValueId;
using Channels = std::vector<double>;

struct Match {
  NodeId producer = ir::kNoNode;
  Tensor weight;
  Tensor bias;
};

// A value, or why there is none: one sentence about the normalization.
template <class T>
using Found = std::expected<T, std::string>;

std::unexpected<std::string> refuse(std::string why) {
  return std::unexpected(std::move(why));
}

// A weight in memory order is [groups, outer, channels, inner]; output channel = group * channels + channel.
struct Layout {
  std::uint64_t groups = 1;
  std::uint64_t outer = 1;
  std::uint64_t channels = 0;
  std::uint64_t inner = 1;

  [[nodiscard]] std::uint64_t all_channels() const { return groups * channels; }
};

Layout layout_along(const Shape& shape, std::size_t axis) {
  Layout layout;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    const auto dim = static_cast<std::uint64_t>(shape[i]);
    if (i == axis) {
      layout.channels = dim;
    } else {
      (i < axis ? layout.outer : layout.inner) *= dim;
    }
  }
  return layout;
}

// nullopt when the weight's shape does not suit the operator.
std::optional<Layout> layout_of(const Node& node, const Shape& shape) {
  if (node.is("Gemm")) {
    if (shape.size() != 2) return std::nullopt;
    return layout_along(shape, node.attribute<std::int64_t>("transB", 0) != 0 ? 0 : 1);
  }
  if (shape.size() < 3) return std::nullopt;
  if (node.is("Conv")) return layout_along(shape, 0);
  Layout layout = layout_along(shape, 1);
  const auto groups = node.attribute<std::int64_t>("group", 1);
  if (groups < 1 || shape[0] % groups != 0) return std::nullopt;
  layout.groups = static_cast<std::uint64_t>(groups);
  layout.outer /= layout.groups;
  return layout;
}

// A parameter with one value a channel, or why it is none.
Found<Channels> read_channels(const Graph& graph, ValueId id, std::uint64_t channels,
                              const std::string& what) {
  const auto tensor = graph.constant_f32(id);
  if (!tensor) return refuse(what + " is not a float32 constant");
  if (tensor->shape() != Shape{static_cast<std::int64_t>(channels)})
    return refuse(what + " does not hold one value a channel");
  const auto values = tensor->as<float>();
  return Channels(values.begin(), values.end());
}

// Gemm's bias may be broadcast: one value for all, or leading dimensions of 1.
Found<Channels> read_gemm_bias(const Graph& graph, ValueId id, std::uint64_t channels) {
  const auto tensor = graph.constant_f32(id);
  if (!tensor) return refuse("the bias of its Gemm is not a float32 constant");
  const auto values = tensor->as<float>();
  if (values.size() == 1) return Channels(channels, static_cast<double>(values[0]));
  if (values.size() != channels || tensor->shape().back() != static_cast<std::int64_t>(channels))
    return refuse("the bias of its Gemm does not hold one value a channel");
  return Channels(values.begin(), values.end());
}

Found<Channels> read_bias(const Graph& graph, const Node& producer, std::uint64_t channels) {
  if (!producer.has_input(2)) return Channels(channels, 0.0);
  if (producer.is("Gemm")) return read_gemm_bias(graph, producer.input(2), channels);
  return read_channels(graph, producer.input(2), channels, "the bias of its " + producer.op_type);
}

// Whether the normalization uses the statistics that it is given.
bool is_inference(const Node& norm, std::int64_t opset) {
  if (norm.attribute<std::int64_t>("training_mode", 0) != 0) return false;
  if (opset < 7 && norm.attribute<std::int64_t>("is_test", 0) == 0) return false;
  for (std::size_t i = 1; i < norm.outputs.size(); ++i) {
    if (norm.has_output(i)) return false;
  }
  return true;
}

// The linear operator whose result only this normalization reads, or why there is none.
Found<NodeId> find_producer(const Graph& graph, const Node& norm) {
  const NodeId id = graph.producer(norm.input(0));
  if (id == ir::kNoNode) return refuse("its input is not the result of a Conv, ConvTranspose or Gemm");
  const Node& producer = graph.node(id);
  if (!producer.is("Conv") && !producer.is("ConvTranspose") && !producer.is("Gemm"))
    return refuse("its input is not the result of a Conv, ConvTranspose or Gemm");
  if (graph.is_output(norm.input(0)))
    return refuse("the result of its " + producer.op_type + " is a graph output");
  if (!graph.has_one_reader(norm.input(0)))
    return refuse("the result of its " + producer.op_type + " has another reader");
  if (producer.is("Gemm") && producer.attribute<float>("beta", 1.0F) != 1.0F)
    return refuse("the beta of its Gemm is not 1");
  return id;
}

// False when a value is not finite.
bool scale_weight(const Layout& layout, const Channels& factors, std::vector<float>& weight) {
  std::size_t i = 0;
  for (std::uint64_t group = 0; group < layout.groups; ++group) {
    for (std::uint64_t outer = 0; outer < layout.outer; ++outer) {
      for (std::uint64_t channel = 0; channel < layout.channels; ++channel) {
        const double factor = factors[group * layout.channels + channel];
        for (std::uint64_t inner = 0; inner < layout.inner; ++inner, ++i) {
          const auto value = static_cast<float>(static_cast<double>(weight[i]) * factor);
          if (!std::isfinite(value)) return false;
          weight[i] = value == 0.0F ? 0.0F : value;  // a pruned weight stays zero and does not become -0.0
        }
      }
    }
  }
  return true;
}

// The statistics and the affine part of a normalization.
struct Norm {
  Channels scale, shift, mean, variance;
  double epsilon = 0;
};

Found<Norm> read_norm(const Graph& graph, const Node& node, std::uint64_t channels) {
  Norm norm;
  norm.epsilon = static_cast<double>(node.attribute<float>("epsilon", 1e-5F));
  const std::array<std::pair<Channels*, const char*>, 4> parameters{
      {{&norm.scale, "scale"}, {&norm.shift, "shift"}, {&norm.mean, "mean"}, {&norm.variance, "variance"}}};
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    PITH_TRY(*parameters[i].first,
             read_channels(graph, node.input(i + 1), channels, std::string("its ") + parameters[i].second));
  }
  return norm;
}

// The folded weight and bias, or why there are none.
Found<Match> fold(const Layout& layout, const Norm& norm, const Tensor& weight, const Channels& bias) {
  Channels factors(bias.size());
  std::vector<float> folded_bias(bias.size());
  bool finite = true;
  for (std::size_t c = 0; c < bias.size(); ++c) {
    factors[c] = norm.scale[c] / std::sqrt(norm.variance[c] + norm.epsilon);
    folded_bias[c] = static_cast<float>((bias[c] - norm.mean[c]) * factors[c] + norm.shift[c]);
    finite = finite && std::isfinite(folded_bias[c]);
  }
  const auto values = weight.as<float>();
  std::vector<float> folded(values.begin(), values.end());
  if (!finite || !scale_weight(layout, factors, folded))
    return refuse("the folded weights would not be finite");
  Match match;
  match.weight = Tensor::of(weight.shape(), std::move(folded));
  match.bias = Tensor::of({static_cast<std::int64_t>(bias.size())}, std::move(folded_bias));
  return match;
}

Found<Match> match(const Graph& graph, const Node& norm, std::int64_t opset) {
  if (!is_inference(norm, opset)) return refuse("it is in training mode");
  if (!norm.has_output(0)) return refuse("it has no result");
  if (norm.attribute<std::int64_t>("spatial", 1) == 0)
    return refuse("it normalizes every position on its own");
  PITH_TRY(const NodeId id, find_producer(graph, norm));
  const Node& producer = graph.node(id);

  const ir::Constant* weight = graph.constant(producer.input(1));
  if (weight == nullptr || weight->dtype != ir::DType::float32)
    return refuse("the weight of its " + producer.op_type + " is not a float32 constant");
  const auto* dense = std::get_if<ir::Dense>(&weight->form);
  if (dense == nullptr)
    return refuse("the weight of its " + producer.op_type + " is compressed; fold before compressing");
  const auto layout = layout_of(producer, weight->shape);
  if (!layout)
    return refuse("the weight of its " + producer.op_type + " has shape " + ir::to_string(weight->shape));

  PITH_TRY(const Norm parameters, read_norm(graph, norm, layout->all_channels()));
  PITH_TRY(const Channels bias, read_bias(graph, producer, layout->all_channels()));
  PITH_TRY(Match folded, fold(*layout, parameters, dense->tensor, bias));
  folded.producer = id;
  return folded;
}

void rewrite(ir::Model& model, ir::GraphId graph_id, NodeId norm_id, Match match) {
  const Graph& graph = model.graph(graph_id);
  const Node& norm = graph.node(norm_id);
  const ValueId weight = graph.node(match.producer).input(1);
  const ValueId bias = graph.node(match.producer).input(2);
  const ValueId result = norm.input(0);
  // Ordered and unique: one constant may serve as several parameters.
  std::set<ValueId> replaced(norm.inputs.begin() + 1, norm.inputs.end());
  replaced.insert({weight, bias});
  replaced.erase(ir::kNoValue);
  const std::string weight_name = graph.value(weight).name;
  const std::string bias_name = graph.value(bias == ir::kNoValue ? norm.input(2) : bias).name;

  ir::Rewriter edit(model, graph_id);
  edit.set_input(match.producer, 1, edit.add_constant(weight_name, std::move(match.weight)));
  edit.set_input(match.producer, 2, edit.add_constant(bias_name, std::move(match.bias)));
  edit.take_over_output(result, norm_id);
  for (const ValueId id : replaced) {
    const ir::Value& value = graph.value(id);
    if (value.readers.empty() && value.output_uses == 0) edit.remove_constant(id);
  }
}

}  // namespace

Result<Outcome> FoldBatchNorm::run(ir::Model& model, PassContext& context) {
  Outcome outcome;
  for (const ir::GraphId graph_id : model.graphs()) {
    for (const NodeId id : model.graph(graph_id).nodes()) {
      const Graph& graph = model.graph(graph_id);
      if (!graph.node(id).is("BatchNormalization")) continue;
      PITH_CHECK_OK(context.keep_going());
      auto found = match(graph, graph.node(id), model.opset());
      if (!found) {
        context.skipped(graph, id, std::move(found).error());
        continue;
      }
      rewrite(model, graph_id, id, *std::move(found));
      ++outcome.changes;
    }
  }
  return outcome;
}

}  // namespace pith::passes
