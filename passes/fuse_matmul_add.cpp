// Makes a Gemm of a product of matrices and the addition behind it.
//
//   before   y = Add(MatMul(a, b), c)      a: [m,k]   b: [k,n]   c: a constant of shape [n], [1,n], [1] or []
//   after    y = Gemm(a, b, c)
//
// One node less, and a bias that fold-batch-norm and fold-scales can fold into. The other way round is not
// offered: no runtime is known to gain by it.
//
// Left alone: factors that are not known to be matrices (MatMul takes further axes, Gemm does not); a product
// that is read elsewhere or is a graph output; an addend that varies from row to row, is of another type than
// float32, float64 or float16, or is computed; operator sets below 7, where Gemm broadcasts by an attribute.

#include "passes/fuse_matmul_add.h"

#include <optional>

#include "ir/rewriter.h"
#include "passes/places.h"

namespace pith::passes {
namespace {

using ir::Graph, ir::Node, ir::ValueId;

// The operand of an Add that a MatMul of this graph makes, with the other one a constant.
std::optional<std::size_t> product_operand(const ir::Model& model, ir::GraphId graph_id, const Node& node) {
  const Graph& graph = model.graph(graph_id);
  if (!node.is("Add") || node.inputs.size() != 2 || !node.has_input(0) || !node.has_input(1) ||
      !node.has_output(0))
    return std::nullopt;
  for (const std::size_t i : {0U, 1U}) {
    const ir::NodeId producer = graph.producer(node.input(i));
    if (producer != ir::kNoNode && graph.node(producer).is("MatMul") &&
        constant_at(model, {graph_id, node.input(1 - i)}) != nullptr)
      return i;
  }
  return std::nullopt;
}

std::optional<std::string> refusal(const ir::Model& model, ir::GraphId graph_id, const Node& product,
                                   const ir::Constant& addend) {
  const Graph& graph = model.graph(graph_id);
  const ValueId result = product.outputs[0];
  if (graph.is_output(result)) return "the product is a graph output";
  if (!graph.has_one_reader(result)) return "the product has another reader";
  if (!product.has_input(0) || !product.has_input(1)) return "the product lacks a factor";
  const auto a = shape_at(model, {graph_id, product.input(0)});
  const auto b = shape_at(model, {graph_id, product.input(1)});
  if (!a || !b || a->size() != 2 || b->size() != 2) return "the factors are not known to be matrices";
  if (addend.dtype != ir::DType::float32 && addend.dtype != ir::DType::float64 &&
      addend.dtype != ir::DType::float16)
    return "its type is not one of those that Gemm takes";
  const ir::Shape& shape = addend.shape;
  const bool one_row = shape.size() < 2 || (shape.size() == 2 && shape[0] == 1);
  const bool fits = shape.empty() || shape.back() == 1 || ir::Dim(shape.back()) == (*b)[1];
  if (!one_row || !fits) return "the addend is not one row for all";
  return std::nullopt;
}

}  // namespace

Result<Outcome> FuseMatmulAdd::run(ir::Model& model, PassContext& context) {
  Outcome outcome;
  if (model.opset() < 7) return outcome;
  for (const ir::GraphId graph_id : model.graphs()) {
    for (const ir::NodeId id : model.graph(graph_id).nodes()) {
      const Graph& graph = model.graph(graph_id);
      const Node& node = graph.node(id);
      const auto operand = product_operand(model, graph_id, node);
      if (!operand) continue;
      PITH_CHECK_OK(context.keep_going());
      const ir::NodeId product = graph.producer(node.input(*operand));
      const ValueId addend = node.input(1 - *operand);
      if (auto why = refusal(model, graph_id, graph.node(product), *constant_at(model, {graph_id, addend}))) {
        context.skipped(graph, id, *std::move(why));
        continue;
      }
      ir::Rewriter edit(model, graph_id);
      edit.set_operator(product, "Gemm", {});
      edit.set_input(product, 2, addend);
      edit.take_over_output(graph.node(product).outputs[0], id);
      ++outcome.changes;
    }
  }
  return outcome;
}

}  // namespace pith::passes
