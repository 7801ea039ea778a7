#include "passes/no_ops/chains.h"

#include <algorithm>

#include "ir/rewriter.h"
#include "passes/fold/file_bytes.h"
#include "passes/fold/known_shape.h"

namespace pith::passes::no_ops {
namespace {

using ir::Node, ir::ValueId;
using Integers = std::vector<std::int64_t>;

bool is_order(const Integers& order) {
  Integers sorted = order;
  std::ranges::sort(sorted);
  for (std::int64_t i = 0; i < std::ssize(sorted); ++i) {
    if (sorted[static_cast<std::size_t>(i)] != i) return false;
  }
  return true;
}

// y.dim[i] = t.dim[second[i]], t.dim[j] = x.dim[first[j]].
std::optional<Integers> composed(const Node& first, const Node& second) {
  const auto* a = first.find<Integers>("perm");
  const auto* b = second.find<Integers>("perm");
  if (a == nullptr || b == nullptr || a->size() != b->size() || !is_order(*a) || !is_order(*b))
    return std::nullopt;
  Integers order;
  for (const std::int64_t axis : *b) order.push_back((*a)[static_cast<std::size_t>(axis)]);
  return order;
}

bool reshapes(const Node& node) {
  return node.is("Reshape") || node.is("Flatten") || node.is("Squeeze") || node.is("Unsqueeze");
}

// What the nodes take in a file that go when nothing reads this value any more, looking along first inputs.
std::uint64_t bytes_behind(const ir::Graph& graph, ValueId id) {
  std::uint64_t bytes = 0;
  for (ir::NodeId producer = graph.producer(id); producer != ir::kNoNode && graph.has_one_reader(id);
       producer = graph.producer(id)) {
    const Node& node = graph.node(producer);
    bytes += fold::node_bytes(graph, node);
    if (!node.has_input(0)) break;
    id = node.input(0);
  }
  return bytes;
}

// Whether the shape that a Reshape makes does not depend on that of its input, only on how many elements it
// has.
bool copies_no_dimension(const View& view, const Node& node) {
  const auto target = view.integers(node, 1, "shape");
  if (!target) return false;
  // An empty tensor may be reshaped with 0 copied from the shape between: such targets are left alone.
  return std::ranges::find(*target, 0) == target->end();
}

// Axes mean the same in both: what the Unsqueeze makes has as many as what was reduced.
bool restores_axes(const View& view, const Node& reduction, const Node& node) {
  if (!node.is("Unsqueeze") || !reduction.op_type.starts_with("Reduce") ||
      reduction.attribute<std::int64_t>("keepdims", 1) != 0)
    return false;
  auto reduced = view.integers(reduction, 1, "axes");
  auto restored = view.integers(node, 1, "axes");
  if (!reduced || !restored || reduced->empty()) return false;
  std::ranges::sort(*reduced);
  std::ranges::sort(*restored);
  return *reduced == *restored;
}

}  // namespace

bool join(ir::Model& model, const View& view, ir::NodeId id) {
  const ir::Graph& graph = view.graph();
  const Node& node = graph.node(id);
  if (!node.has_input(0)) return false;
  const ir::NodeId before_id = graph.producer(node.input(0));
  if (before_id == ir::kNoNode || !graph.has_one_reader(node.input(0)) || graph.is_output(node.input(0)))
    return false;
  const Node& before = graph.node(before_id);
  if (!before.domain.empty() || before.outputs.size() != 1 || !before.has_input(0)) return false;
  ir::Rewriter edit(model, view.id);
  if (restores_axes(view, before, node)) {
    ir::Attributes attributes = before.attributes;
    for (auto& [name, value] : attributes) {
      if (name == "keepdims") value = std::int64_t{1};
    }
    const ValueId result = node.input(0);
    edit.set_operator(before_id, before.op_type, std::move(attributes));
    edit.take_over_output(result, id);
    return true;
  }
  const ValueId origin = before.input(0);
  if (node.is("Transpose") && before.is("Transpose")) {
    auto order = composed(before, node);
    if (!order) return false;
    edit.set_operator(id, "Transpose", {{"perm", *std::move(order)}});
  } else if (!(node.is("Reshape") && reshapes(before) && copies_no_dimension(view, node))) {
    return false;
  }
  edit.set_input(id, 0, origin);
  edit.remove_node(before_id);
  return true;
}

bool swap_branches(ir::Model& model, const View& view, ir::NodeId id) {
  const ir::Graph& graph = view.graph();
  const Node& node = graph.node(id);
  if (!node.is("If") || !node.has_input(0) || node.find<ir::GraphId>("then_branch") == nullptr ||
      node.find<ir::GraphId>("else_branch") == nullptr)
    return false;
  const ValueId condition = node.input(0);
  const Node* opposite = view.maker(condition, "Not");
  if (opposite == nullptr || !opposite->has_input(0)) return false;
  const ir::NodeId opposite_id = graph.producer(condition);
  ir::Rewriter edit(model, view.id);
  edit.set_input(id, 0, opposite->input(0));
  edit.swap_branches(id);
  if (!graph.is_used(condition)) edit.remove_node(opposite_id);
  return true;
}

bool settle_shape(ir::Model& model, const View& view, ir::NodeId id) {
  const ir::Graph& graph = view.graph();
  const Node& node = graph.node(id);
  if (!node.is("Reshape") || !node.has_input(1) || graph.producer(node.input(1)) == ir::kNoNode) return false;
  const auto target = fold::shape_entries(model, view.place(node.input(1)));
  if (!target || target->scalar || target->dtype != ir::DType::int64) return false;
  Integers entries;
  for (const auto& entry : target->entries) {
    // 0 would copy a dimension or mean an empty tensor, -1 be a second entry that is asked for.
    if (entry && *entry <= 0) return false;
    entries.push_back(entry.value_or(-1));
  }
  if (std::ranges::count(entries, -1) > 1) return false;
  const ir::Value& value = graph.value(node.input(1));
  if (bytes_behind(graph, node.input(1)) <
      entries.size() * sizeof(std::int64_t) + fold::constant_overhead(value, 1))
    return false;
  ir::Rewriter edit(model, view.id);
  const std::string name = value.name;
  const auto rank = static_cast<std::int64_t>(entries.size());
  edit.set_input(id, 1, edit.add_constant(name, ir::Tensor::of<std::int64_t>({rank}, std::move(entries))));
  return true;
}

}  // namespace pith::passes::no_ops
