#include "passes/fold/known_shape.h"

#include <algorithm>
#include <limits>

#include "passes/value_types.h"

namespace pith::passes::fold {
namespace {

using ir::DType, ir::Node, ir::Tensor;
using Entries = std::vector<std::optional<std::int64_t>>;
using Found = std::optional<ShapeEntries>;

constexpr std::size_t kMostEntries = 64;  // more axes than any tensor has

// A dimension each; nullopt when the rank is not known.
std::optional<Entries> dims_of(const ir::Model& model, Place place) {
  if (place.value == ir::kNoValue) return std::nullopt;
  const auto shape = shape_at(model, place);
  if (!shape || shape->size() > kMostEntries) return std::nullopt;
  Entries dims;
  for (const ir::Dim& dim : *shape) {
    const auto* number = std::get_if<std::int64_t>(&dim);
    dims.push_back(number != nullptr && *number >= 0 ? std::optional(*number) : std::nullopt);
  }
  return dims;
}

// One question; it looks at a bounded number of nodes, whatever the graph is like.
class Question {
 public:
  explicit Question(const ir::Model& model) : model_(model) {}

  Found ask(Place place) {
    if (place.value == ir::kNoValue || ++asked_ > 256) return std::nullopt;
    const Place source = source_of(model_, place);
    const ir::Graph& graph = model_.graph(source.graph);
    if (constant_at(model_, source) != nullptr) return of_constant(source);
    const ir::NodeId producer = graph.producer(source.value);
    return producer == ir::kNoNode ? std::nullopt : result(source.graph, graph.node(producer));
  }

  Found result(ir::GraphId graph, const Node& node) {
    if (node.outputs.size() != 1 || ++depth_ > 32) return std::nullopt;
    Found found;
    if (node.is("Shape")) found = shape(graph, node);
    if (node.is("Gather")) found = gathered(graph, node);
    if (node.is("Slice")) found = sliced(graph, node);
    if (node.is("Concat")) found = joined(graph, node);
    if (node.is("Unsqueeze") || node.is("Squeeze")) found = with_other_rank(graph, node);
    if (node.is("Identity")) found = ask({graph, node.input(0)});
    if (node.is("Cast")) found = cast(graph, node);
    --depth_;
    return found;
  }

 private:
  Found of_constant(Place place) const {
    const ir::Constant& constant = *constant_at(model_, place);
    const auto values = integers_at(model_, place);
    if (!values || constant.shape.size() > 1 || values->size() > kMostEntries) return std::nullopt;
    return ShapeEntries{Entries(values->begin(), values->end()), constant.shape.empty(), constant.dtype};
  }

  // The part of a shape that Shape returns: [start, end), each counted from the end when negative.
  Found shape(ir::GraphId graph, const Node& node) const {
    const auto dims = dims_of(model_, {graph, node.input(0)});
    if (!dims) return std::nullopt;
    const auto rank = std::ssize(*dims);
    return part(ShapeEntries{*dims}, node.attribute<std::int64_t>("start", 0),
                node.attribute<std::int64_t>("end", rank));
  }

  static Found part(ShapeEntries whole, std::int64_t first, std::int64_t last) {
    const auto size = std::ssize(whole.entries);
    const auto position = [&](std::int64_t given) {
      return std::clamp<std::int64_t>(given < 0 ? std::max(given, -size) + size : given, 0, size);
    };
    const std::int64_t start = position(first);
    const std::int64_t end = std::max(start, position(last));
    whole.entries = Entries(whole.entries.begin() + start, whole.entries.begin() + end);
    return whole;
  }

  Found gathered(ir::GraphId graph, const Node& node) {
    const Found from = ask({graph, node.input(0)});
    const Place place{graph, node.input(1)};
    const ir::Constant* positions = constant_at(model_, place);
    if (!from || from->scalar || positions == nullptr || positions->shape.size() > 1) return std::nullopt;
    const auto indices = integers_at(model_, place);
    if (!indices || indices->size() > kMostEntries) return std::nullopt;
    ShapeEntries picked{{}, positions->shape.empty(), from->dtype};
    for (const std::int64_t index : *indices) {
      const std::int64_t at = index < 0 ? index + std::ssize(from->entries) : index;
      if (at < 0 || at >= std::ssize(from->entries)) return std::nullopt;
      picked.entries.push_back(from->entries[static_cast<std::size_t>(at)]);
    }
    return picked;
  }

  Found sliced(ir::GraphId graph, const Node& node) {
    const Found from = ask({graph, node.input(0)});
    const auto starts = integers_of(model_, graph, node, 1, "starts");
    const auto ends = integers_of(model_, graph, node, 2, "ends");
    if (!from || from->scalar || !starts || !ends || starts->size() != 1 || ends->size() != 1)
      return std::nullopt;
    if (node.has_input(4) && integers_at(model_, {graph, node.input(4)}) != std::vector<std::int64_t>{1})
      return std::nullopt;
    return part(*from, starts->front(), ends->front());
  }

  Found joined(ir::GraphId graph, const Node& node) {
    ShapeEntries all;
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      const Found next = ask({graph, node.input(i)});
      if (!next || next->scalar || all.entries.size() + next->entries.size() > kMostEntries)
        return std::nullopt;
      all.dtype = next->dtype;
      all.entries.insert(all.entries.end(), next->entries.begin(), next->entries.end());
    }
    return all;
  }

  // Between one number and a list of one.
  Found with_other_rank(ir::GraphId graph, const Node& node) {
    Found from = ask({graph, node.input(0)});
    const bool unsqueeze = node.is("Unsqueeze");
    if (!from || from->scalar != unsqueeze || from->entries.size() != 1) return std::nullopt;
    const auto axes = integers_of(model_, graph, node, 1, "axes");
    if (!axes || axes->size() != 1 || (axes->front() != 0 && axes->front() != -1)) return std::nullopt;
    from->scalar = !unsqueeze;
    return from;
  }

  Found cast(ir::GraphId graph, const Node& node) {
    Found from = ask({graph, node.input(0)});
    const auto to = ir::dtype_from_onnx(node.attribute<std::int64_t>("to", 0));
    if (!from || (to != DType::int32 && to != DType::int64)) return std::nullopt;
    for (const auto& entry : from->entries) {
      if (to == DType::int32 && entry &&
          (*entry > std::numeric_limits<std::int32_t>::max() ||
           *entry < std::numeric_limits<std::int32_t>::min()))
        return std::nullopt;
    }
    from->dtype = *to;
    return from;
  }

  const ir::Model& model_;
  int asked_ = 0;
  int depth_ = 0;
};

std::optional<Tensor> all_known(const ShapeEntries& found) {
  std::vector<std::int64_t> values;
  for (const auto& entry : found.entries) {
    if (!entry) return std::nullopt;
    values.push_back(*entry);
  }
  const ir::Shape shape = found.scalar ? ir::Shape{} : ir::Shape{std::ssize(values)};
  if (found.dtype == DType::int64) return Tensor::of<std::int64_t>(shape, std::move(values));
  std::vector<std::int32_t> narrow;
  for (const std::int64_t value : values) narrow.push_back(static_cast<std::int32_t>(value));
  return Tensor::of<std::int32_t>(shape, std::move(narrow));
}

std::optional<Tensor> size(const ir::Model& model, ir::GraphId graph, const Node& node) {
  std::vector<std::int64_t> numbers;
  const auto dims = dims_of(model, {graph, node.input(0)});
  if (dims) {
    for (const auto& dim : *dims) {
      if (!dim) return std::nullopt;
      numbers.push_back(*dim);
    }
  } else {
    const Found entries = Question(model).ask({graph, node.input(0)});
    if (!entries) return std::nullopt;
    numbers = {std::ssize(entries->entries)};
  }
  const auto count = ir::element_count(numbers);
  if (!count) return std::nullopt;
  return Tensor::of<std::int64_t>({}, {static_cast<std::int64_t>(*count)});
}

}  // namespace

std::optional<ShapeEntries> shape_entries(const ir::Model& model, Place place) {
  return Question(model).ask(place);
}

std::optional<Tensor> known_shape(const ir::Model& model, ir::GraphId graph, ir::NodeId id) {
  const Node& node = model.graph(graph).node(id);
  if (node.is("Size")) return size(model, graph, node);
  const auto found = Question(model).result(graph, node);
  return found ? all_known(*found) : std::nullopt;
}

}  // namespace pith::passes::fold
