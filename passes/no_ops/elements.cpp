#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <type_traits>

#include "passes/no_ops/rules.h"

namespace pith::passes::no_ops {
namespace {

using ir::DType, ir::Node, ir::ValueId;

// Whether every element of the constant is the number, whose bits are given for each type that is looked at.
bool is_all(const ir::Constant& constant, double number) {
  if (!std::holds_alternative<ir::Dense>(constant.form) || constant.shape.size() > 8) return false;
  const ir::Tensor dense = to_dense(constant);
  const auto all = [&]<class T>(T wanted) {
    const auto values = dense.as<T>();
    return !values.empty() && std::ranges::all_of(values, [&](T value) {
      if constexpr (std::is_floating_point_v<T>) {
        if (std::signbit(value) != std::signbit(wanted)) return false;  // of zeros
      }
      return value == wanted;
    });
  };
  switch (constant.dtype) {
    case DType::float32:
      return all(static_cast<float>(number));
    case DType::float64:
      return all(number);
    case DType::int64:
      return all(static_cast<std::int64_t>(number));
    case DType::int32:
      return all(static_cast<std::int32_t>(number));
    default:
      return false;
  }
}

// `value`, when the other operand is that number everywhere and does not widen the value's shape.
ValueId beside_neutral(const View& view, const Node& node, std::size_t value, double number) {
  if (node.inputs.size() != 2 || !node.has_input(0) || !node.has_input(1)) return ir::kNoValue;
  const ValueId other = node.input(1 - value);
  const ir::Constant* constant = constant_at(view.model, view.place(other));
  if (constant == nullptr || !is_all(*constant, number)) return ir::kNoValue;
  return view.types.broadcasts_into(constant->shape, view.place(node.input(value))) ? node.input(value)
                                                                                    : ir::kNoValue;
}

// x + -0.0 and x - 0.0 keep every x; x + 0.0 would turn -0.0 into 0.0. Integers have one zero.
ValueId neutral_operand(const View& view, const Node& node) {
  if (view.model.opset() < 7) return ir::kNoValue;  // another broadcasting
  const bool add = node.is("Add");
  const bool subtract = node.is("Sub");
  const bool multiply = node.is("Mul");
  if (!add && !subtract && !multiply && !node.is("Div") && !node.is("Pow")) return ir::kNoValue;
  if (!node.has_input(0) || !node.has_input(1)) return ir::kNoValue;
  // Pow may have operands of two types; its result has that of the first.
  const double neutral = subtract ? 0.0 : add ? -0.0 : 1.0;
  const ValueId left = beside_neutral(view, node, 0, neutral);
  if (left != ir::kNoValue) return left;
  return add || multiply ? beside_neutral(view, node, 1, neutral) : ir::kNoValue;
}

// An integer times zero is zero: the constant itself where it has the shape of the product. (Not so for
// floats, whose zeros have signs and some of which are no numbers.)
ValueId zero_product(const View& view, const Node& node) {
  if (!node.is("Mul") || view.model.opset() < 7 || node.inputs.size() != 2) return ir::kNoValue;
  for (const std::size_t i : {0U, 1U}) {
    if (!node.has_input(i) || !node.has_input(1 - i)) continue;
    const ir::Constant* constant = constant_at(view.model, view.place(node.input(i)));
    if (constant == nullptr || ir::is_float(constant->dtype) || !is_all(*constant, 0)) continue;
    const auto other = shape_at(view.model, view.place(node.input(1 - i)));
    if (!other || other->size() > constant->shape.size()) continue;
    const auto tail = std::span(constant->shape).last(other->size());
    const auto fits = [](const ir::Dim& dim, std::int64_t size) {
      return dim == ir::Dim(size) || dim == ir::Dim(std::int64_t{1});
    };
    if (std::ranges::equal(*other, tail, fits)) return node.input(i);
  }
  return ir::kNoValue;
}

// Whether every value of `from` is one of `to`.
bool widens(DType from, DType to) {
  struct Range {
    DType type;
    int digits;    // binary digits of the integers that are all there; of the significand for floats
    int exponent;  // 0 for integers
    bool is_signed;
  };
  static constexpr std::array<Range, 12> kRanges{{{DType::uint8, 8, 0, false},
                                                  {DType::int8, 7, 0, true},
                                                  {DType::uint16, 16, 0, false},
                                                  {DType::int16, 15, 0, true},
                                                  {DType::uint32, 32, 0, false},
                                                  {DType::int32, 31, 0, true},
                                                  {DType::uint64, 64, 0, false},
                                                  {DType::int64, 63, 0, true},
                                                  {DType::float16, 11, 5, true},
                                                  {DType::bfloat16, 8, 8, true},
                                                  {DType::float32, 24, 8, true},
                                                  {DType::float64, 53, 11, true}}};
  const auto find = [](DType type) { return std::ranges::find(kRanges, type, &Range::type); };
  const auto a = find(from);
  const auto b = find(to);
  if (a == kRanges.end() || b == kRanges.end()) return false;
  if (a->is_signed && !b->is_signed) return false;
  return a->digits <= b->digits && a->exponent <= b->exponent;
}

ValueId cast(const View& view, const Node& node) {
  if (!node.is("Cast") || !node.has_input(0)) return ir::kNoValue;
  const auto to = ir::dtype_from_onnx(node.attribute<std::int64_t>("to", 0));
  if (!to || *to == DType::undefined) return ir::kNoValue;
  if (view.types.dtype(view.place(node.input(0))) == *to) return node.input(0);
  const Node* before = view.maker(node.input(0), "Cast");
  if (before == nullptr || !before->has_input(0)) return ir::kNoValue;
  const ValueId origin = before->input(0);
  const DType between = view.types.dtype(view.place(node.input(0)));
  return view.types.dtype(view.place(origin)) == *to && widens(*to, between) ? origin : ir::kNoValue;
}

// f(f(x)) = x for some operators, f(f(x)) = f(x) for others.
ValueId done_twice(const View& view, const Node& node) {
  if (!node.has_input(0)) return ir::kNoValue;
  const Node* before = view.maker(node.input(0), node.op_type);
  if (before == nullptr || !before->has_input(0)) return ir::kNoValue;
  if (node.is("Not") || node.is("Neg")) return before->input(0);
  const bool settles =
      node.is("Relu") || node.is("Abs") || node.is("Ceil") || node.is("Floor") || node.is("Round");
  return settles ? node.input(0) : ir::kNoValue;
}

ValueId only_operand(const Node& node) {
  const bool joins =
      node.is("Concat") || node.is("Sum") || node.is("Max") || node.is("Min") || node.is("Mean");
  return joins && node.inputs.size() == 1 ? node.inputs[0] : ir::kNoValue;
}

}  // namespace

const Node* View::maker(ValueId value, std::string_view op) const {
  const ir::NodeId producer = graph().producer(value);
  if (producer == ir::kNoNode || !graph().node(producer).is(op)) return nullptr;
  // Only the first output is what the rules speak of.
  return graph().node(producer).outputs[0] == value ? &graph().node(producer) : nullptr;
}

ValueId equal_elements(const View& view, const Node& node) {
  for (const ValueId found : {only_operand(node), cast(view, node), done_twice(view, node),
                              neutral_operand(view, node), zero_product(view, node)}) {
    if (found != ir::kNoValue) return found;
  }
  return ir::kNoValue;
}

}  // namespace pith::passes::no_ops
