#include <algorithm>
#include <bit>
#include <cmath>

#include "ir/onnx/carriers.h"
#include "ir/rewriter.h"

namespace pith::ir::onnx {
namespace {

// A carrier found from its last node: the form, and its nodes from last to first.
struct Found {
  Constant constant;
  std::vector<NodeId> nodes;
};

class Recognizer {
 public:
  explicit Recognizer(const Graph& graph) : graph_(graph) {}

  std::optional<Found> affine(NodeId mul) {
    nodes_ = {mul};
    const Node& node = graph_.node(mul);
    if (!node.is("Mul") || node.inputs.size() != 2) return std::nullopt;
    ValueId below = node.input(0);
    std::optional<ValueId> zeros;
    if (const NodeId sub = step(below, "Sub"); sub != kNoNode) {
      if (graph_.node(sub).inputs.size() != 2) return std::nullopt;
      below = graph_.node(sub).input(0);
      zeros = graph_.node(sub).input(1);
    }
    const auto codes = cast_of(below, DType::float32);
    if (!codes || (codes->dtype() != DType::int8 && codes->dtype() != DType::uint8)) return std::nullopt;

    Affine form;
    form.codes = *codes;
    const auto scales = spread(node.input(1), codes->shape(), form);
    if (!scales) return std::nullopt;
    form.scales = *scales;
    if (zeros && !read_zero_points(*zeros, form)) return std::nullopt;
    form.bits = bits_of_codes(form);
    return finish(codes->shape(), std::move(form));
  }

  std::optional<Found> codebook(NodeId gather) {
    nodes_ = {gather};
    const Node& node = graph_.node(gather);
    if (!node.is("Gather") || node.inputs.size() != 2 || node.attribute<std::int64_t>("axis", 0) != 0)
      return std::nullopt;
    const auto all = dense(node.input(0), DType::float32);
    if (!all || all->shape().size() != 1 || all->element_count() == 0) return std::nullopt;
    ValueId below = node.input(1);
    std::optional<Tensor> first;
    if (const NodeId add = step(below, "Add"); add != kNoNode) {
      first = dense(graph_.node(add).input(1), DType::int32);
      if (!first) return std::nullopt;
      below = graph_.node(add).input(0);
    }
    const auto indices = cast_of(below, DType::int32);
    if (!indices || indices->dtype() != DType::uint8) return std::nullopt;

    Codebook form;
    form.indices = *indices;
    auto count = static_cast<std::int64_t>(all->element_count());
    std::int64_t groups = 1;
    if (first) {
      form.axis = axis_of(first->shape(), indices->shape());
      groups = static_cast<std::int64_t>(first->element_count());
      if (!form.axis || groups == 0 || count % groups != 0) return std::nullopt;
      const auto offsets = first->as<std::int32_t>();
      for (std::size_t i = 0; i < offsets.size(); ++i) {
        if (offsets[i] != static_cast<std::int64_t>(i) * (count / groups)) return std::nullopt;
      }
    }
    if (count / groups > 256) return std::nullopt;
    form.centroids = all->reshaped({groups, count / groups});
    form.bits = std::max(1, static_cast<int>(std::bit_width(static_cast<std::uint64_t>(count / groups) - 1)));
    return finish(indices->shape(), std::move(form));
  }

 private:
  std::optional<Found> finish(const Shape& shape, WeightForm form) {
    Found found{{DType::float32, shape, std::move(form), std::nullopt}, nodes_};
    if (!check(found.constant)) return std::nullopt;
    return found;
  }

  // The node of that operator that alone makes this value for its one reader; kNoNode otherwise.
  NodeId step(ValueId id, std::string_view op) {
    const NodeId producer = graph_.producer(id);
    if (producer == kNoNode || !graph_.node(producer).is(op) || !graph_.has_one_reader(id)) return kNoNode;
    nodes_.push_back(producer);
    return producer;
  }

  static std::optional<Tensor> plain(const Constant& constant) {
    if (!std::holds_alternative<Dense>(constant.form)) return std::nullopt;
    return to_dense(constant);
  }

  std::optional<Tensor> dense(ValueId id, DType dtype) const {
    const Constant* constant = graph_.constant(id);
    if (constant == nullptr || constant->dtype != dtype) return std::nullopt;
    return plain(*constant);
  }

  std::optional<Tensor> cast_of(ValueId id, DType to) {
    const NodeId cast = step(id, "Cast");
    if (cast == kNoNode ||
        graph_.node(cast).attribute<std::int64_t>("to", 0) != static_cast<std::int64_t>(to))
      return std::nullopt;
    const Constant* constant = graph_.constant(graph_.node(cast).input(0));
    return constant == nullptr ? std::nullopt : plain(*constant);
  }

  // The axis along which [1,..,C,..,1] spreads over `shape`.
  static std::optional<std::int64_t> axis_of(const Shape& spread, const Shape& shape) {
    if (spread.size() != shape.size()) return std::nullopt;
    std::optional<std::int64_t> axis;
    for (std::size_t i = 0; i < shape.size(); ++i) {
      if (spread[i] == 1) continue;
      if (axis || spread[i] != shape[i]) return std::nullopt;
      axis = static_cast<std::int64_t>(i);
    }
    if (axis) return axis;
    // All ones: any axis of length one will do.
    const auto one = std::ranges::find(shape, 1);
    return one == shape.end() ? std::nullopt : std::optional(one - shape.begin());
  }

  // Scales or zero points as the form stores them; sets the form's axis and block.
  std::optional<Tensor> spread(ValueId id, const Shape& shape, Affine& form) {
    if (auto values = dense(id, DType::float32)) {
      if (values->shape().empty()) return values;
      const auto axis = axis_of(values->shape(), shape);
      if (!axis) return std::nullopt;
      form.axis = *axis;
      return values->reshaped({static_cast<std::int64_t>(values->element_count())});
    }
    const NodeId gather = step(id, "Gather");
    if (gather == kNoNode) return std::nullopt;
    const Node& node = graph_.node(gather);
    auto blocked = dense(node.input(0), DType::float32);
    const auto positions = dense(node.input(1), DType::int32);
    const auto axis = node.attribute<std::int64_t>("axis", 0);
    if (!blocked || !positions || axis < 0 || axis >= std::ssize(shape)) return std::nullopt;
    const auto block_of = positions->as<std::int32_t>();
    form.block = std::ranges::count(block_of, 0);
    form.axis = axis;
    if (form.block == 0) return std::nullopt;
    for (std::size_t i = 0; i < block_of.size(); ++i) {
      if (block_of[i] != static_cast<std::int64_t>(i) / form.block) return std::nullopt;
    }
    return blocked;
  }

  bool read_zero_points(ValueId id, Affine& form) {
    Affine other = form;
    const auto zeros = spread(id, form.codes.shape(), other);
    if (!zeros || zeros->shape() != form.scales.shape() || other.axis != form.axis ||
        other.block != form.block)
      return false;
    for (const float zero : zeros->as<float>()) {
      if (!(std::abs(zero) <= 255.0F) || zero != std::floor(zero)) return false;
      form.zero_points.push_back(static_cast<std::int32_t>(zero));
    }
    return true;
  }

  // The fewest bits that hold every code and zero point.
  static int bits_of_codes(const Affine& form) {
    int low = 0;
    int high = 0;
    const auto include = [&](int code) {
      low = std::min(low, code);
      high = std::max(high, code);
    };
    const bool is_signed = form.codes.dtype() == DType::int8;
    if (is_signed) {
      std::ranges::for_each(form.codes.as<std::int8_t>(), include);
    } else {
      std::ranges::for_each(form.codes.as<std::uint8_t>(), include);
    }
    std::ranges::for_each(form.zero_points, include);
    int bits = 1;
    while (is_signed ? (low < -(1 << (bits - 1)) || high >= 1 << (bits - 1)) : high >= 1 << bits) ++bits;
    return bits;
  }

  const Graph& graph_;
  std::vector<NodeId> nodes_;
};

void replace(Model& model, GraphId graph_id, const Found& found) {
  Rewriter rewriter(model, graph_id);
  const Graph& graph = model.graph(graph_id);
  std::vector<ValueId> constants;
  for (const NodeId id : found.nodes) {
    for (const ValueId input : graph.node(id).inputs) {
      if (graph.constant(input) != nullptr) constants.push_back(input);
    }
  }
  // The codes hold what the original tensor carried.
  std::string carried;
  for (const ValueId id : constants) carried += graph.value(id).constant_carried;
  rewriter.fold(found.nodes.front(), found.constant, std::move(carried));
  for (std::size_t i = 1; i < found.nodes.size(); ++i) rewriter.remove_node(found.nodes[i]);
  std::ranges::sort(constants);
  const auto [end, last] = std::ranges::unique(constants);
  constants.erase(end, last);
  for (const ValueId id : constants) {
    if (!graph.is_used(id)) rewriter.remove_constant(id);
  }
}

}  // namespace

void recognize_carriers(Model& model) {
  for (const GraphId graph_id : model.graphs()) {
    for (const NodeId id : model.graph(graph_id).nodes()) {
      const Graph& graph = model.graph(graph_id);
      if (!graph.is_alive(id) || graph.node(id).outputs.size() != 1 ||
          graph.is_output(graph.node(id).outputs[0]))
        continue;
      Recognizer recognizer(graph);
      auto found = recognizer.affine(id);
      if (!found) found = recognizer.codebook(id);
      if (found) replace(model, graph_id, *found);
    }
  }
}

}  // namespace pith::ir::onnx
