// Folds factors and offsets of output channels into the linear operator before them.
//
//   before   y = Add(Mul(Conv(x, W, b), k), c)          k, c: one value a channel, or one for all
//   after    y = Conv(x, W', b')
//   where    W' = W * k      b' = b * k + c             in double, rounded once
//
// The same for ConvTranspose, Gemm (Add: beta is 1) and MatMul by a matrix, which has no bias, so that only
// factors are folded into it; the constant may be the first operand of Mul and Add, and the second of all
// four.
//
// Left alone: constants that vary along another axis than the channels', that are not float32 or not dense,
// that would widen the result; division by zero; a result that is read elsewhere or is a graph output; what
// find_linear refuses. Nodes that do not follow a linear operator are not recorded.

#include "passes/fold_scales.h"

#include "passes/linear.h"

namespace pith::passes {
namespace {

using ir::Graph, ir::Node, ir::ValueId;

// y = x * factor + offset for each channel.
struct Scale {
  Channels factors;
  Channels offsets;
  bool has_offset = false;
};

bool is_candidate(const Node& node) {
  return (node.is("Mul") || node.is("Div") || node.is("Add") || node.is("Sub")) && node.inputs.size() == 2 &&
         node.has_input(0) && node.has_input(1) && node.has_output(0);
}

// The operand that a linear operator makes, with the other one a constant; nullopt when there is none.
std::optional<std::size_t> linear_operand(const Graph& graph, const Node& node) {
  const std::size_t operands = node.is("Mul") || node.is("Add") ? 2 : 1;
  for (std::size_t i = 0; i < operands; ++i) {
    const ir::NodeId producer = graph.producer(node.input(i));
    if (producer == ir::kNoNode || graph.constant(node.input(1 - i)) == nullptr) continue;
    const Node& before = graph.node(producer);
    if (before.is("Conv") || before.is("ConvTranspose") || before.is("Gemm") || before.is("MatMul")) return i;
  }
  return std::nullopt;
}

// One number a channel from a constant that is broadcast along the result's axis `axis` of `rank`.
Found<Channels> spread(const Graph& graph, ValueId id, std::size_t rank, std::size_t axis,
                       std::size_t channels) {
  const ir::Constant& constant = *graph.constant(id);
  if (constant.dtype != ir::DType::float32 || !std::holds_alternative<ir::Dense>(constant.form))
    return refuse("its constant is not a dense float32 one");
  const ir::Tensor dense = to_dense(constant);
  const auto values = dense.as<float>();
  const ir::Shape& shape = constant.shape;
  if (shape.size() > rank) return refuse("its constant has more axes than its operand");
  for (std::size_t i = 0; i < shape.size(); ++i) {
    const bool along_channels = i + rank - shape.size() == axis;
    if (shape[i] != 1 && (!along_channels || shape[i] != static_cast<std::int64_t>(channels)))
      return refuse("its constant of shape " + ir::to_string(shape) + " is not one value a channel");
  }
  if (values.size() == 1) return Channels(channels, static_cast<double>(values[0]));
  return Channels(values.begin(), values.end());
}

Found<Scale> read_scale(const Graph& graph, const Node& node, std::size_t linear_input,
                        const Linear& linear) {
  const Node& producer = graph.node(linear.node);
  const std::size_t channels = linear.layout.channels();
  const bool matrix = producer.is("Gemm") || producer.is("MatMul");
  const std::size_t rank = linear.weight.shape().size();
  // MatMul may have further axes before its rows; a constant of up to two axes reaches none of them.
  PITH_TRY(Channels values,
           spread(graph, node.input(1 - linear_input), rank, matrix ? rank - 1 : 1, channels));
  Scale scale{Channels(channels, 1.0), Channels(channels, 0.0), node.is("Add") || node.is("Sub")};
  for (std::size_t c = 0; c < channels; ++c) {
    if (node.is("Mul")) scale.factors[c] = values[c];
    if (node.is("Div")) scale.factors[c] = 1.0 / values[c];
    if (node.is("Add")) scale.offsets[c] = values[c];
    if (node.is("Sub")) scale.offsets[c] = -values[c];
  }
  if (scale.has_offset && producer.is("MatMul")) return refuse("a MatMul has no bias");
  return scale;
}

struct Match {
  Linear linear;
  Folded folded;
  bool with_bias = false;
};

Found<Match> match(const Graph& graph, const Node& node, std::size_t linear_input) {
  PITH_TRY(Linear linear, find_linear(graph, node.input(linear_input), true));
  const Node& producer = graph.node(linear.node);
  PITH_TRY(const Scale scale, read_scale(graph, node, linear_input, linear));
  if (producer.is("MatMul") && graph.constant(node.input(1 - linear_input))->shape.size() == 2)
    return refuse("a MatMul of vectors has fewer axes than its constant");
  PITH_TRY(Channels bias, read_bias(graph, linear));
  for (std::size_t c = 0; c < bias.size(); ++c) bias[c] = bias[c] * scale.factors[c] + scale.offsets[c];
  PITH_TRY(Folded folded, fold_channels(linear, scale.factors, bias));
  const bool with_bias = linear.has_bias || scale.has_offset;
  return Match{std::move(linear), std::move(folded), with_bias};
}

}  // namespace

Result<Outcome> FoldScales::run(ir::Model& model, PassContext& context) {
  Outcome outcome;
  if (model.opset() < 7) return outcome;  // another broadcasting
  for (const ir::GraphId graph_id : model.graphs()) {
    for (const ir::NodeId id : model.graph(graph_id).nodes()) {
      const Graph& graph = model.graph(graph_id);
      const Node& node = graph.node(id);
      if (!is_candidate(node)) continue;
      const auto linear_input = linear_operand(graph, node);
      if (!linear_input) continue;
      PITH_CHECK_OK(context.keep_going());
      auto found = match(graph, node, *linear_input);
      if (!found) {
        context.skipped(graph, id, std::move(found).error());
        continue;
      }
      const std::string name = graph.value(node.input(1 - *linear_input)).name;
      store_folded(model, graph_id, found->linear, std::move(found->folded), found->with_bias, id, name);
      ++outcome.changes;
    }
  }
  return outcome;
}

}  // namespace pith::passes
