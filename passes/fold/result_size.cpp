#include "passes/fold/result_size.h"

#include <unordered_map>

#include "passes/fold/counts.h"

namespace pith::passes::fold {
namespace {

using ir::DType, ir::Node, ir::Tensor;
using Formula = Count (*)(const Node&, Inputs, std::int64_t opset);

std::unexpected<std::string> refuse(std::string why) {
  return std::unexpected(std::move(why));
}

// What the elements of the result are.
enum class Element : std::uint8_t { first, second, third, int64, boolean, byte, to, filled };

struct Rule {
  Formula count = nullptr;
  Element element = Element::first;
};

const std::unordered_map<std::string_view, Rule>& rules() {
  static const std::unordered_map<std::string_view, Rule> kRules = [] {
    std::unordered_map<std::string_view, Rule> table{
        {"Cast", {like_first, Element::to}},
        {"ArgMax", {reduced, Element::int64}},
        {"ArgMin", {reduced, Element::int64}},
        {"Clip", {like_first}},
        {"Concat", {concatenated}},
        {"ConstantOfShape", {filled, Element::filled}},
        {"Div", {division}},
        {"Expand", {expanded}},
        {"Gather", {gathered}},
        {"GatherElements", {like_second}},
        {"Gemm", {multiplied}},
        {"IsInf", {like_first, Element::boolean}},
        {"IsNaN", {like_first, Element::boolean}},
        {"MatMul", {multiplied}},
        {"Mod", {division}},
        {"NonZero", {positions, Element::int64}},
        {"OneHot", {one_hot, Element::third}},
        {"Pad", {padded}},
        {"QuantizeLinear", {like_first, Element::byte}},
        {"Range", {ranged}},
        {"Shape", {shape_of, Element::int64}},
        {"Size", {one, Element::int64}},
        {"Tile", {tiled}},
        {"Where", {elementwise, Element::second}},
    };
    for (const char* name : {"Abs",
                             "Acos",
                             "Acosh",
                             "Asin",
                             "Asinh",
                             "Atan",
                             "Atanh",
                             "BitwiseNot",
                             "Ceil",
                             "Cos",
                             "Cosh",
                             "CumSum",
                             "DepthToSpace",
                             "Elu",
                             "Erf",
                             "Exp",
                             "Flatten",
                             "Floor",
                             "HardSigmoid",
                             "Identity",
                             "LeakyRelu",
                             "Log",
                             "Neg",
                             "Not",
                             "Reciprocal",
                             "Relu",
                             "Reshape",
                             "Round",
                             "ScatterElements",
                             "ScatterND",
                             "Selu",
                             "Sigmoid",
                             "Sign",
                             "Sin",
                             "Sinh",
                             "Slice",
                             "Softplus",
                             "Softsign",
                             "SpaceToDepth",
                             "Sqrt",
                             "Squeeze",
                             "Tan",
                             "Tanh",
                             "Transpose",
                             "Trilu",
                             "Unsqueeze"})
      table.emplace(name, Rule{like_first});
    for (const char* name : {"ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceMax",
                             "ReduceMean", "ReduceMin", "ReduceProd", "ReduceSum", "ReduceSumSquare"})
      table.emplace(name, Rule{reduced});
    for (const char* name : {"Add", "And", "BitwiseAnd", "BitwiseOr", "BitwiseXor", "Max", "Mean", "Min",
                             "Mul", "Or", "Pow", "Sub", "Sum", "Xor"})
      table.emplace(name, Rule{elementwise});
    for (const char* name : {"Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual"})
      table.emplace(name, Rule{elementwise, Element::boolean});
    return table;
  }();
  return kRules;
}

std::expected<DType, std::string> element_type(const Node& node, Inputs inputs, Element element) {
  const auto input_type = [&](std::size_t index) -> std::expected<DType, std::string> {
    if (at(inputs, index) == nullptr) return refuse("an input is absent");
    return inputs[index]->dtype();
  };
  switch (element) {
    case Element::first:
      return input_type(0);
    case Element::second:
      return input_type(1);
    case Element::third:
      return input_type(2);
    case Element::int64:
      return DType::int64;
    case Element::boolean:
      return DType::boolean;
    case Element::byte: {
      const auto bits = at(inputs, 2) == nullptr ? 8U : ir::bits_of(inputs[2]->dtype());
      if (bits > 8) return refuse("its result is wider than 8 bits");
      return DType::uint8;
    }
    case Element::to:
      return ir::dtype_from_onnx(node.attribute<std::int64_t>("to", 0)).value_or(DType::undefined);
    case Element::filled: {
      const Tensor* value = node.find<Tensor>("value");
      return value == nullptr ? DType::float32 : value->dtype();
    }
  }
  throw InternalError("an element without a type");
}

}  // namespace

bool is_foldable(const Node& node) {
  return node.domain.empty() && rules().contains(node.op_type);
}

std::expected<std::uint64_t, std::string> result_bytes(const Node& node, Inputs inputs, std::int64_t opset) {
  const auto rule = rules().find(node.op_type);
  if (!node.domain.empty() || rule == rules().end()) return refuse(node.op_type + " is not folded");
  if (at(inputs, 0) == nullptr) return refuse("it has no input");
  for (const Tensor* input : inputs) {
    if (input == nullptr) continue;
    if (input->dtype() == DType::string) return refuse("it works on strings");
    if (ir::bits_of(input->dtype()) < 8) return refuse("it works on elements smaller than a byte");
  }
  const Count count = rule->second.count(node, inputs, opset);
  if (!count) return count;
  const auto type = element_type(node, inputs, rule->second.element);
  if (!type) return std::unexpected(type.error());
  if (ir::bits_of(*type) > 0 && ir::bits_of(*type) < 8) return refuse("its elements are smaller than a byte");
  const auto bytes = ir::packed_bytes(*type, *count);
  if (!bytes) return refuse("its result has no size");
  return *bytes;
}

}  // namespace pith::passes::fold
