#include <algorithm>
#include <limits>
#include <numeric>

#include "passes/no_ops/rules.h"

namespace pith::passes::no_ops {
namespace {

using ir::Dim, ir::Node, ir::ValueId;
using Integers = std::vector<std::int64_t>;

bool all(const Integers& values, std::int64_t wanted) {
  return std::ranges::all_of(values, [&](std::int64_t value) { return value == wanted; });
}

// No axis of a tensor that fits in memory is as long as this, with which exporters say "to the end".
bool is_end(std::int64_t value) {
  return value >= std::numeric_limits<std::int32_t>::max();
}

// Whether a Reshape to `target` keeps the declared dimensions: each is the same number, copied by 0, or the
// one that -1 asks for while all others are the same.
bool reshape_keeps(const Node& node, const std::vector<Dim>& dims, const Integers& target) {
  if (dims.size() != target.size()) return false;
  const bool zero_is_zero = node.attribute<std::int64_t>("allowzero", 0) != 0;
  std::size_t asked = 0;
  for (std::size_t i = 0; i < dims.size(); ++i) {
    if (target[i] == 0 && !zero_is_zero) continue;
    if (target[i] == -1) {
      ++asked;
    } else if (dims[i] != Dim(target[i])) {
      return false;
    }
  }
  // -1 is the rest of the elements; with an empty axis elsewhere the rest could be anything.
  if (asked == 0) return true;
  return asked == 1 && std::ranges::none_of(dims, [](const Dim& dim) { return dim == Dim(std::int64_t{0}); });
}

bool keeps_shape(const View& view, const Node& node) {
  const auto dims = shape_at(view.model, view.place(node.input(0)));
  if (node.is("Reshape")) {
    const auto target = view.integers(node, 1, "shape");
    return dims && target && reshape_keeps(node, *dims, *target);
  }
  if (node.is("Flatten")) return dims && dims->size() == 2 && node.attribute<std::int64_t>("axis", 1) == 1;
  if (node.is("Expand")) {
    const auto target = view.integers(node, 1, "");
    return target && view.types.broadcasts_into(*target, view.place(node.input(0)));
  }
  return false;
}

bool is_whole_slice(const View& view, const Node& node) {
  const auto starts = view.integers(node, 1, "starts");
  const auto ends = view.integers(node, 2, "ends");
  if (!starts || !ends || starts->size() != ends->size() || !all(*starts, 0)) return false;
  if (node.has_input(4)) {
    const auto steps = view.integers(node, 4, "");
    if (!steps || !all(*steps, 1)) return false;
  }
  if (std::ranges::all_of(*ends, is_end)) return true;
  // Ends inside of the axis need its length.
  const auto dims = shape_at(view.model, view.place(node.input(0)));
  if (!dims) return false;
  Integers axes(starts->size());
  std::iota(axes.begin(), axes.end(), 0);
  if (node.has_input(3) || node.find<Integers>("axes") != nullptr) {
    const auto given = view.integers(node, 3, "axes");
    if (!given || given->size() != starts->size()) return false;
    axes = *given;
  }
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const std::int64_t axis = axes[i] < 0 ? axes[i] + std::ssize(*dims) : axes[i];
    if (axis < 0 || axis >= std::ssize(*dims)) return false;
    const auto* dim = std::get_if<std::int64_t>(&(*dims)[static_cast<std::size_t>(axis)]);
    if (!is_end((*ends)[i]) && (dim == nullptr || (*ends)[i] < *dim)) return false;
  }
  return true;
}

bool is_identity_transpose(const View& view, const Node& node) {
  if (const auto* order = node.find<Integers>("perm")) return std::ranges::is_sorted(*order);
  const auto dims = shape_at(view.model, view.place(node.input(0)));  // without perm the axes are reversed
  return dims && dims->size() <= 1;
}

// Scales of exactly 1 with the modes that then read each element where it is.
bool is_identity_resize(const View& view, const Node& node) {
  const bool upsample = node.is("Upsample");
  if (!upsample && !node.is("Resize")) return false;
  const auto* mode = node.find<std::string>("mode");
  if (mode != nullptr && *mode != "nearest") return false;
  const auto* where = node.find<std::string>("coordinate_transformation_mode");
  if (where != nullptr && *where != "half_pixel" && *where != "asymmetric") return false;
  if (node.has_input(3)) return false;  // sizes
  const std::size_t input = upsample || view.model.opset() < 11 ? 1 : 2;
  const ir::Constant* scales =
      node.has_input(input) ? constant_at(view.model, view.place(node.input(input))) : nullptr;
  if (scales == nullptr || scales->dtype != ir::DType::float32) return false;
  const ir::Tensor dense = ir::to_dense(*scales);
  const auto values = dense.as<float>();
  return !values.empty() && std::ranges::all_of(values, [](float scale) { return scale == 1.0F; });
}

// Squeeze of an Unsqueeze along the same axes, or the other way round. Both count negative axes from the end
// of the longer shape.
ValueId undone(const View& view, const Node& node) {
  const bool squeeze = node.is("Squeeze");
  if (!squeeze && !node.is("Unsqueeze")) return ir::kNoValue;
  const Node* before = view.maker(node.input(0), squeeze ? "Unsqueeze" : "Squeeze");
  if (before == nullptr || !before->has_input(0)) return ir::kNoValue;
  auto axes = view.integers(node, 1, "axes");
  auto axes_before = view.integers(*before, 1, "axes");
  if (!axes || !axes_before) return ir::kNoValue;
  std::ranges::sort(*axes);
  std::ranges::sort(*axes_before);
  return *axes == *axes_before ? before->input(0) : ir::kNoValue;
}

bool is_unchanged(const View& view, const Node& node) {
  if (node.is("Tile")) {
    const auto repeats = view.model.opset() < 6 ? std::nullopt : view.integers(node, 1, "");
    return repeats && all(*repeats, 1);
  }
  if (node.is("Pad")) {
    const auto pads = view.integers(node, 1, "pads");
    return pads && all(*pads, 0);
  }
  if (node.is("Slice")) return is_whole_slice(view, node);
  if (node.is("Transpose")) return is_identity_transpose(view, node);
  return keeps_shape(view, node) || is_identity_resize(view, node);
}

}  // namespace

ValueId equal_layout(const View& view, const Node& node) {
  if (!node.domain.empty() || !node.has_input(0)) return ir::kNoValue;
  if (is_unchanged(view, node)) return node.input(0);
  return undone(view, node);
}

}  // namespace pith::passes::no_ops
