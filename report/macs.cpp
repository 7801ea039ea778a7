#include "report/macs.h"

#include <algorithm>
#include <array>
#include <limits>
#include <string_view>
#include <vector>

#include "ir/onnx/infer_shapes.h"

namespace pith::report {
namespace {

using ir::Graph, ir::GraphId, ir::Node, ir::ValueId;
using Count = std::optional<std::uint64_t>;
using Dims = std::vector<ir::Dim>;

Count times(Count a, Count b) {
  if (!a || !b || (*b != 0 && *a > std::numeric_limits<std::uint64_t>::max() / *b)) return std::nullopt;
  return *a * *b;
}

Count plus(Count a, Count b) {
  if (!a || !b || *a > std::numeric_limits<std::uint64_t>::max() - *b) return std::nullopt;
  return *a + *b;
}

// Operators of com.microsoft that multiply no matrices.
constexpr std::array<std::string_view, 14> kWithoutMacs{"BiasGelu",
                                                        "DequantizeLinear",
                                                        "FastGelu",
                                                        "Gelu",
                                                        "LayerNormalization",
                                                        "QLinearAdd",
                                                        "QLinearConcat",
                                                        "QLinearGlobalAveragePool",
                                                        "QLinearMul",
                                                        "QLinearSigmoid",
                                                        "QuantizeLinear",
                                                        "QuickGelu",
                                                        "SimplifiedLayerNormalization",
                                                        "SkipLayerNormalization"};

// One node. A count of 0: it multiplies no matrices; nullopt: not known.
class NodeMacs {
 public:
  NodeMacs(const ir::Model& model, const TypeLookup& inferred, GraphId graph, const Node& node)
      : model_(model), inferred_(inferred), graph_(graph), node_(node) {}

  Count count() {
    if (node_.domain.empty()) return standard();
    if (node_.domain == "com.microsoft") return microsoft();
    if (node_.domain == "ai.onnx.ml" || node_.domain == "ai.onnx.preview.training") return 0;
    return std::nullopt;
  }

  [[nodiscard]] const std::set<std::string>& ones() const { return ones_; }

 private:
  Count standard() {
    const std::string& op = node_.op_type;
    if (op == "Conv" || op == "ConvInteger" || op == "DeformConv") return convolution(1);
    if (op == "QLinearConv") return convolution(3);
    if (op == "ConvTranspose") return times(size(node_.input(0)), size(node_.input(1), 1));
    if (op == "Gemm") return gemm();
    if (op == "MatMul" || op == "MatMulInteger") return matmul(0, 1);
    if (op == "QLinearMatMul") return matmul(0, 3);
    if (op == "Einsum") return einsum();
    if (op == "LSTM" || op == "GRU" || op == "RNN") return recurrent();
    if (op == "Attention") return attention();
    return 0;
  }

  Count microsoft() {
    const std::string& op = node_.op_type;
    if (op == "FusedConv" || op == "NhwcFusedConv") return convolution(1);
    if (op == "FusedGemm" || op == "GemmFloat8") return gemm();
    if (op == "MatMulIntegerToFloat" || op == "DynamicQuantizeMatMul") return matmul(0, 1);
    if (op == "FusedMatMul") {
      return node_.attribute<std::int64_t>("transA", 0) == 0 ? matmul(0, 1)
                                                             : times(size(output()), dim(node_.input(0), -2));
    }
    if (op == "MatMulNBits" || op == "MatMulBnb4") {
      const auto depth = node_.attribute<std::int64_t>("K", -1);
      return depth < 0 ? std::nullopt : times(size(output()), static_cast<std::uint64_t>(depth));
    }
    if (op == "DynamicQuantizeLSTM") return recurrent();
    if (std::ranges::find(kWithoutMacs, op) != kWithoutMacs.end()) return 0;
    return std::nullopt;
  }

  Count convolution(std::size_t weight) { return times(size(output()), size(node_.input(weight), 1)); }

  Count gemm() {
    const bool transposed = node_.attribute<std::int64_t>("transB", 0) != 0;
    return times(size(node_.input(0)), dim(node_.input(1), transposed ? 0 : 1));
  }

  Count matmul(std::size_t a, std::size_t b) {
    const auto right = dims(node_.input(b));
    if (right && right->size() == 2) return times(size(node_.input(a)), dim(node_.input(b), 1));
    return times(size(output()), dim(node_.input(a), -1));
  }

  Count recurrent() {
    const auto x = dims(node_.input(0));
    if (!x || x->size() != 3) return std::nullopt;
    const Count steps = times(at(*x, 0), at(*x, 1));
    return times(steps, plus(size(node_.input(1)), size(node_.input(2))));
  }

  // ai.onnx's: Q, K, V of [batch, heads, length, size] or [batch, length, heads * size]; past keys are
  // input 4.
  Count attention() {
    const auto q = dims(node_.input(0));
    const auto k = dims(node_.input(1));
    const auto v = dims(node_.input(2));
    if (!q || !k || !v || q->size() != k->size() || q->size() != v->size()) return std::nullopt;
    Count keys = dim(node_.input(1), -2);
    if (node_.has_input(4)) keys = plus(keys, dim(node_.input(4), -2));
    if (q->size() == 4) {
      const Count outer = times(times(at(*q, 0), at(*q, 1)), at(*q, 2));
      return times(times(outer, keys), plus(at(*q, 3), at(*v, 3)));
    }
    const auto query_heads = node_.attribute<std::int64_t>("q_num_heads", 0);
    const auto value_heads = node_.attribute<std::int64_t>("kv_num_heads", 0);
    if (q->size() != 3 || query_heads <= 0 || value_heads <= 0) return std::nullopt;
    const Count value_size = at(*v, 2);
    if (!value_size) return std::nullopt;
    const Count values =
        times(*value_size / static_cast<std::uint64_t>(value_heads), static_cast<std::uint64_t>(query_heads));
    return times(times(times(at(*q, 0), at(*q, 1)), keys), plus(at(*q, 2), values));
  }

  Count einsum() {
    const auto* written = node_.find<std::string>("equation");
    if (written == nullptr) return std::nullopt;
    std::string equation = *written;
    std::erase(equation, ' ');
    const std::size_t arrow = equation.find("->");
    const std::string factors = equation.substr(0, arrow);
    const std::size_t comma = factors.find(',');
    if (node_.inputs.size() == 1) return 0;
    if (node_.inputs.size() != 2 || comma == std::string::npos || equation.find('.') != std::string::npos)
      return std::nullopt;
    const std::array<std::string, 2> labels{factors.substr(0, comma), factors.substr(comma + 1)};
    // Without an arrow the result has the labels that stand once.
    const auto in_result = [&](char label) {
      return arrow == std::string::npos ? std::ranges::count(factors, label) == 1
                                        : equation.find(label, arrow + 2) != std::string::npos;
    };
    Count product = 1;
    bool sums = false;
    std::set<char> seen;
    for (std::size_t i = 0; i < 2; ++i) {
      const auto shape = dims(node_.input(i));
      if (!shape || shape->size() != labels[i].size()) return std::nullopt;
      for (std::size_t axis = 0; axis < shape->size(); ++axis) {
        const char label = labels[i][axis];
        if (!seen.insert(label).second) continue;
        product = times(product, at(*shape, axis));
        sums = sums || !in_result(label);
      }
    }
    return sums ? product : 0;
  }

  [[nodiscard]] ValueId output() const { return node_.outputs.empty() ? ir::kNoValue : node_.outputs[0]; }

  // Of the constant, what was inferred (which starts from the declarations), or the declaration; a captured
  // value has the type it has outside.
  [[nodiscard]] std::optional<Dims> dims(ValueId id) const {
    GraphId graph = graph_;
    while (id != ir::kNoValue) {
      const ir::Value& value = model_.graph(graph).value(id);
      if (value.constant != nullptr) return Dims(value.constant->shape.begin(), value.constant->shape.end());
      const ir::ValueType* type = inferred_ ? inferred_(graph, id) : nullptr;
      if (type != nullptr && type->shape) return type->shape;
      if (value.type.shape) return value.type.shape;
      graph = model_.graph(graph).parent();
      id = value.captured;
    }
    return std::nullopt;
  }

  Count at(const Dims& shape, std::size_t axis) {
    if (axis >= shape.size()) return std::nullopt;
    if (const auto* number = std::get_if<std::int64_t>(&shape[axis]))
      return *number < 0 ? std::nullopt : Count(static_cast<std::uint64_t>(*number));
    const std::string& symbol = std::get<std::string>(shape[axis]);
    const bool unnamed = symbol.empty() || symbol.starts_with("unk__");  // as inference names them
    if (unnamed && axis != 0) return std::nullopt;
    ones_.insert(unnamed ? "?" : symbol);
    return 1;
  }

  // A negative axis counts from the end.
  Count dim(ValueId id, int axis) {
    const auto shape = dims(id);
    if (!shape || (axis < 0 && shape->size() < static_cast<std::size_t>(-axis))) return std::nullopt;
    return at(*shape,
              axis < 0 ? shape->size() - static_cast<std::size_t>(-axis) : static_cast<std::size_t>(axis));
  }

  // Elements, of the axes from `first` on.
  Count size(ValueId id, std::size_t first = 0) {
    const auto shape = dims(id);
    if (!shape || shape->size() < first) return std::nullopt;
    Count product = 1;
    for (std::size_t axis = first; axis < shape->size(); ++axis) product = times(product, at(*shape, axis));
    return product;
  }

  const ir::Model& model_;
  const TypeLookup& inferred_;
  GraphId graph_;
  const Node& node_;
  std::set<std::string> ones_;
};

}  // namespace

MacCount count_macs(const ir::Model& model, const TypeLookup& inferred) {
  MacCount total;
  for (const GraphId graph_id : model.graphs()) {
    const Graph& graph = model.graph(graph_id);
    for (const ir::NodeId id : graph.nodes()) {
      NodeMacs node(model, inferred, graph_id, graph.node(id));
      const Count count = node.count();
      if (!count) {
        ++total.unknown_nodes;
      } else if (*count > 0) {
        ++total.nodes;
        total.in_subgraphs += graph_id == ir::kMainGraph ? 0U : 1U;
        total.total = plus(total.total, count).value_or(std::numeric_limits<std::uint64_t>::max());
        total.by_node.emplace(std::pair(graph_id, id), *count);
        total.ones.insert(node.ones().begin(), node.ones().end());
      }
    }
  }
  return total;
}

MacCount count_macs(const ir::Model& model) {
  return count_macs_of_run(model, {});
}

MacCount count_macs_of_run(const ir::Model& model, const TypeLookup& observed) {
  const auto types = ir::onnx::infer_types(model, {.observed = observed});
  if (!types) {
    MacCount declared = count_macs(model, {});
    declared.notes.push_back(types.error().message());
    return declared;
  }
  MacCount count =
      count_macs(model, [&](ir::GraphId graph, ir::ValueId value) { return types->find(graph, value); });
  count.notes = types->notes();
  return count;
}

}  // namespace pith::report
