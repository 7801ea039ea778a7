#include "passes/fold/counts.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "passes/value_types.h"

namespace pith::passes::fold {

using ir::DType, ir::Node, ir::Shape, ir::Tensor;

namespace {

// A product of constants that takes longer than this many multiplications is left to the runtime.
constexpr std::uint64_t kMostMultiplications = std::uint64_t{1} << 28U;

std::unexpected<std::string> refuse(std::string why) {
  return std::unexpected(std::move(why));
}

Count product(std::span<const std::int64_t> dims) {
  const auto count = ir::element_count(dims);
  if (!count) return refuse("its result has a shape that cannot be");
  return *count;
}

// The integers of a tensor, which operators use for shapes, axes and repeats.
std::optional<std::vector<std::int64_t>> integers(const Tensor* tensor) {
  return tensor == nullptr ? std::nullopt : integers_in(*tensor);
}

// Numpy's rule, as in ONNX's Broadcasting.md.
std::optional<Shape> broadcast(const Shape& a, const Shape& b) {
  Shape result = a.size() >= b.size() ? a : b;
  const Shape& shorter = a.size() >= b.size() ? b : a;
  const std::size_t offset = result.size() - shorter.size();
  for (std::size_t i = 0; i < shorter.size(); ++i) {
    std::int64_t& dim = result[offset + i];
    if (dim != shorter[i] && dim != 1 && shorter[i] != 1) return std::nullopt;
    if (dim == 1) dim = shorter[i];
  }
  return result;
}

bool may_trap(const Tensor& divisor) {
  // The processor traps on x / 0, and on the lowest number / -1.
  const unsigned width = ir::bits_of(divisor.dtype()) / 8;
  if (width == 0) return true;
  const auto bytes = divisor.bytes();
  for (std::size_t i = 0; i < bytes.size(); i += width) {
    const auto element = bytes.subspan(i, width);
    if (std::ranges::all_of(element, [](std::byte b) { return b == std::byte{0}; })) return true;
    if (std::ranges::all_of(element, [](std::byte b) { return b == std::byte{0xff}; })) return true;
  }
  return false;
}

std::optional<double> scalar(const Tensor* tensor) {
  if (tensor == nullptr || tensor->element_count() != 1) return std::nullopt;
  if (tensor->dtype() == DType::float32) return static_cast<double>(tensor->as<float>()[0]);
  if (tensor->dtype() == DType::float64) return tensor->as<double>()[0];
  const auto whole = integers(tensor);
  if (!whole) return std::nullopt;
  return static_cast<double>(whole->front());
}

}  // namespace

const Tensor* at(Inputs inputs, std::size_t index) {
  return index < inputs.size() ? inputs[index] : nullptr;
}

Count like_first(const Node&, Inputs inputs, std::int64_t) {
  return inputs[0]->element_count();
}

Count reduced(const Node&, Inputs inputs, std::int64_t) {
  // Without the empty axis the others may be of any size.
  if (inputs[0]->element_count() == 0) return refuse("it reduces an empty tensor");
  return inputs[0]->element_count();
}

Count elementwise(const Node&, Inputs inputs, std::int64_t opset) {
  if (opset < 7) return refuse("before opset 7 it broadcasts in another way");
  Shape shape;
  for (const Tensor* input : inputs) {
    if (input == nullptr) return refuse("an input is absent");
    const auto wider = broadcast(shape, input->shape());
    if (!wider) return refuse("its inputs have shapes that do not fit together");
    shape = *wider;
  }
  return product(shape);
}

Count division(const Node& node, Inputs inputs, std::int64_t opset) {
  const Tensor* divisor = at(inputs, 1);
  if (divisor == nullptr) return refuse("an input is absent");
  if (!is_float(divisor->dtype()) && may_trap(*divisor)) return refuse("it may divide by zero");
  return elementwise(node, inputs, opset);
}

Count concatenated(const Node&, Inputs inputs, std::int64_t) {
  std::uint64_t count = 0;
  for (const Tensor* input : inputs) {
    if (input == nullptr) return refuse("an input is absent");
    count += input->element_count();  // of tensors that are in memory
  }
  return count;
}

Count gathered(const Node& node, Inputs inputs, std::int64_t) {
  const Tensor* indices = at(inputs, 1);
  if (indices == nullptr) return refuse("an input is absent");
  Shape shape = inputs[0]->shape();
  const auto rank = std::ssize(shape);
  std::int64_t axis = node.attribute<std::int64_t>("axis", 0);
  if (axis < 0) axis += rank;
  if (axis < 0 || axis >= rank) return refuse("its axis is not one of the input's");
  shape.erase(shape.begin() + axis);
  shape.insert(shape.end(), indices->shape().begin(), indices->shape().end());
  return product(shape);
}

Count like_second(const Node&, Inputs inputs, std::int64_t) {
  if (at(inputs, 1) == nullptr) return refuse("an input is absent");
  return inputs[1]->element_count();
}

Count filled(const Node&, Inputs inputs, std::int64_t) {
  const auto shape = integers(inputs[0]);
  if (!shape) return refuse("its shape is not a list of integers");
  return product(*shape);
}

Count expanded(const Node&, Inputs inputs, std::int64_t) {
  const auto target = integers(at(inputs, 1));
  if (!target) return refuse("its shape is not a list of integers");
  const auto shape = broadcast(inputs[0]->shape(), *target);
  if (!shape) return refuse("its inputs have shapes that do not fit together");
  return product(*shape);
}

Count tiled(const Node&, Inputs inputs, std::int64_t) {
  const auto repeats = integers(at(inputs, 1));
  Shape shape = inputs[0]->shape();
  if (!repeats || repeats->size() != shape.size()) return refuse("its repeats are not one integer an axis");
  std::uint64_t count = inputs[0]->element_count();
  for (const std::int64_t repeat : *repeats) {
    std::uint64_t more = 0;
    if (repeat < 0 || __builtin_mul_overflow(count, static_cast<std::uint64_t>(repeat), &more))
      return refuse("its result has a shape that cannot be");
    count = more;
  }
  return count;
}

Count ranged(const Node&, Inputs inputs, std::int64_t) {
  const auto start = scalar(inputs[0]);
  const auto limit = scalar(at(inputs, 1));
  const auto delta = scalar(at(inputs, 2));
  if (!start || !limit || !delta) return refuse("its limits are not three numbers");
  if (*delta == 0) return refuse("its step is zero");
  const double count = std::ceil((*limit - *start) / *delta) + 1;  // + 1: the rounding of large integers
  if (!(count < 9e15)) return refuse("its result has a shape that cannot be");
  return static_cast<std::uint64_t>(std::max(0.0, count));
}

Count padded(const Node& node, Inputs inputs, std::int64_t opset) {
  if (opset < 11) return refuse("before opset 11 its pads are an attribute");
  const auto pads = integers(at(inputs, 1));
  const Shape& shape = inputs[0]->shape();
  if (!pads || pads->size() % 2 != 0) return refuse("its pads are not two integers an axis");
  std::vector<std::int64_t> axes;
  if (at(inputs, 3) != nullptr) {
    const auto given = integers(inputs[3]);
    if (!given) return refuse("its axes are not integers");
    axes = *given;
  } else {
    for (std::int64_t i = 0; i < std::ssize(shape); ++i) axes.push_back(i);
  }
  if (pads->size() != 2 * axes.size()) return refuse("its pads are not two integers an axis");
  const auto* mode = node.find<std::string>("mode");
  if (mode != nullptr && *mode != "constant" && inputs[0]->element_count() == 0)
    return refuse("it repeats the edge of an empty tensor");
  Shape result = shape;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const std::int64_t axis = axes[i] < 0 ? axes[i] + std::ssize(shape) : axes[i];
    if (axis < 0 || axis >= std::ssize(shape)) return refuse("its axes are not those of the input");
    std::int64_t& dim = result[static_cast<std::size_t>(axis)];
    if (__builtin_add_overflow(dim, (*pads)[i], &dim) ||
        __builtin_add_overflow(dim, (*pads)[i + axes.size()], &dim))
      return refuse("its result has a shape that cannot be");
  }
  return product(result);
}

Count one_hot(const Node&, Inputs inputs, std::int64_t) {
  const auto depth = scalar(at(inputs, 1));
  if (!depth || std::isnan(*depth) || *depth < 1 || *depth >= 9e15)
    return refuse("its depth is not a positive number");
  std::uint64_t count = 0;
  if (__builtin_mul_overflow(inputs[0]->element_count(), static_cast<std::uint64_t>(*depth), &count))
    return refuse("its result has a shape that cannot be");
  return count;
}

Count shape_of(const Node&, Inputs inputs, std::int64_t) {
  return inputs[0]->shape().size();
}

Count one(const Node&, Inputs, std::int64_t) {
  return 1;
}

Count positions(const Node&, Inputs inputs, std::int64_t) {
  return inputs[0]->element_count() * std::max<std::uint64_t>(1, inputs[0]->shape().size());
}

Count multiplied(const Node& node, Inputs inputs, std::int64_t) {
  if (at(inputs, 1) == nullptr) return refuse("an input is absent");
  Shape a = inputs[0]->shape();
  Shape b = inputs[1]->shape();
  if (a.size() < 2 || b.size() < 2) return refuse("its inputs are no matrices");
  if (node.is("Gemm")) {
    if (a.size() != 2 || b.size() != 2) return refuse("its inputs are no matrices");
    if (node.attribute<std::int64_t>("transA", 0) != 0) std::swap(a[0], a[1]);
    if (node.attribute<std::int64_t>("transB", 0) != 0) std::swap(b[0], b[1]);
  }
  const std::int64_t columns = b.back();
  const std::int64_t inner = a.back();
  if (b[b.size() - 2] != inner) return refuse("its inputs have shapes that do not fit together");
  auto shape = broadcast(Shape(a.begin(), a.end() - 2), Shape(b.begin(), b.end() - 2));
  if (!shape) return refuse("its inputs have shapes that do not fit together");
  shape->push_back(a[a.size() - 2]);
  shape->push_back(columns);
  const Count count = product(*shape);
  if (!count) return count;
  std::uint64_t work = 0;
  if (__builtin_mul_overflow(*count, static_cast<std::uint64_t>(inner), &work) || work > kMostMultiplications)
    return refuse("computing it takes too long");
  return count;
}

}  // namespace pith::passes::fold
