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
#include <utility>

#include "passes/linear.h"

namespace pith::passes {
namespace {

using ir::Graph, ir::Node, ir::NodeId;

// Whether the normalization uses the statistics that it is given.
bool is_inference(const Node& norm, std::int64_t opset) {
  if (norm.attribute<std::int64_t>("training_mode", 0) != 0) return false;
  if (opset < 7 && norm.attribute<std::int64_t>("is_test", 0) == 0) return false;
  for (std::size_t i = 1; i < norm.outputs.size(); ++i) {
    if (norm.has_output(i)) return false;
  }
  return true;
}

// The statistics and the affine part of a normalization.
struct Norm {
  Channels scale, shift, mean, variance;
  double epsilon = 0;
};

Found<Norm> read_norm(const Graph& graph, const Node& node, std::size_t channels) {
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

struct Match {
  Linear linear;
  Folded folded;
};

Found<Match> match(const Graph& graph, const Node& norm, std::int64_t opset) {
  if (!is_inference(norm, opset)) return refuse("it is in training mode");
  if (!norm.has_output(0)) return refuse("it has no result");
  if (norm.attribute<std::int64_t>("spatial", 1) == 0)
    return refuse("it normalizes every position on its own");
  PITH_TRY(Linear linear, find_linear(graph, norm.input(0), false));
  const std::size_t channels = linear.layout.channels();
  PITH_TRY(const Norm parameters, read_norm(graph, norm, channels));
  PITH_TRY(Channels bias, read_bias(graph, linear));
  Channels factors(channels);
  for (std::size_t c = 0; c < channels; ++c) {
    factors[c] = parameters.scale[c] / std::sqrt(parameters.variance[c] + parameters.epsilon);
    bias[c] = (bias[c] - parameters.mean[c]) * factors[c] + parameters.shift[c];
  }
  PITH_TRY(Folded folded, fold_channels(linear, factors, bias));
  return Match{std::move(linear), std::move(folded)};
}

}  // namespace

Result<Outcome> FoldBatchNorm::run(ir::Model& model, PassContext& context) {
  Outcome outcome;
  for (const ir::GraphId graph_id : model.graphs()) {
    for (const NodeId id : model.graph(graph_id).nodes()) {
      const Graph& graph = model.graph(graph_id);
      const Node& norm = graph.node(id);
      if (!norm.is("BatchNormalization")) continue;
      PITH_CHECK_OK(context.keep_going());
      auto found = match(graph, norm, model.opset());
      if (!found) {
        context.skipped(graph, id, std::move(found).error());
        continue;
      }
      store_folded(model, graph_id, found->linear, std::move(found->folded), true, id,
                   graph.value(norm.input(2)).name);
      ++outcome.changes;
    }
  }
  return outcome;
}

}  // namespace pith::passes
