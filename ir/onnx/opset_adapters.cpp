#include "ir/onnx/opset_adapters.h"

#include <fmt/core.h>

#include <algorithm>
#include <limits>
#include <map>
#include <string_view>
#include <utility>

namespace pith::ir::onnx {
namespace {

using Node = proto::NodeProto;
using Attribute = proto::AttributeProto;
using Rewrite = Result<void> (*)(Node&, Surroundings&);

std::unexpected<Error> refuse(std::string why) {
  return fail(ErrorCode::model, std::move(why));
}

// Takes the attribute out of the node.
std::optional<Attribute> take(Node& node, std::string_view name) {
  auto& attributes = *node.mutable_attribute();
  const auto found =
      std::ranges::find(attributes, name, [](const auto& a) -> std::string_view { return a.name(); });
  if (found == attributes.end()) return std::nullopt;
  Attribute attribute = *found;
  attributes.erase(found);
  return attribute;
}

void set(Node& node, const std::string& name, std::int64_t value) {
  take(node, name);
  auto* attribute = node.add_attribute();
  attribute->set_name(name);
  attribute->set_type(Attribute::INT);
  attribute->set_i(value);
}

void set(Node& node, const std::string& name, const std::string& value) {
  take(node, name);
  auto* attribute = node.add_attribute();
  attribute->set_name(name);
  attribute->set_type(Attribute::STRING);
  attribute->set_s(value);
}

Tensor int64s(const Attribute& attribute) {
  return Tensor::of({attribute.ints_size()},
                    std::vector<std::int64_t>(attribute.ints().begin(), attribute.ints().end()));
}

std::string first_input(const Node& node) {
  return node.input_size() > 0 ? node.input(0) : "";
}

DType type_of_first_input(const Node& node, Surroundings& around) {
  const ValueType* type = around.type_of(first_input(node));
  return type == nullptr ? DType::undefined : type->dtype;
}

// A list of the attribute becomes the next input; without the attribute the operator has no such input.
void list_to_input(Node& node, Surroundings& around, const std::string& name) {
  if (const auto list = take(node, name)) node.add_input(around.add_constant(name, int64s(*list)));
}

Result<void> squeeze_axes(Node& node, Surroundings& around) {
  list_to_input(node, around, "axes");
  return {};
}

// No axes and an empty list both meant all of them, which now is said by leaving the input out.
Result<void> reduce_axes(Node& node, Surroundings& around) {
  if (const auto axes = take(node, "axes"); axes && axes->ints_size() > 0)
    node.add_input(around.add_constant("axes", int64s(*axes)));
  return {};
}

Result<void> split_sizes(Node& node, Surroundings& around) {
  list_to_input(node, around, "split");
  return {};
}

Result<void> split_count(Node& node, Surroundings& /*around*/) {
  if (node.input_size() < 2 || node.input(1).empty()) set(node, "num_outputs", node.output_size());
  return {};
}

Result<void> slice_bounds(Node& node, Surroundings& around) {
  for (const auto* name : {"starts", "ends", "axes"}) list_to_input(node, around, name);
  return {};
}

Result<void> top_k(Node& node, Surroundings& around) {
  const auto k = take(node, "k");
  if (!k) return refuse("it has no attribute 'k'");
  node.add_input(around.add_constant("k", Tensor::of<std::int64_t>({1}, {k->i()})));
  return {};
}

// A number as a scalar of the type of the node's first input.
Result<std::string> scalar_like_input(const Node& node, Surroundings& around, const std::string& name,
                                      float value) {
  switch (type_of_first_input(node, around)) {
    case DType::float32:
      return around.add_constant(name, Tensor::of<float>({}, {value}));
    case DType::float64:
      return around.add_constant(name, Tensor::of<double>({}, {value}));
    default:
      return refuse("the type of its input is not known to be float32 or float64");
  }
}

Result<void> pad_lists(Node& node, Surroundings& around) {
  const auto value = take(node, "value");
  list_to_input(node, around, "pads");
  if (!value || value->f() == 0.0F) return {};
  PITH_TRY(const std::string name, scalar_like_input(node, around, "value", value->f()));
  node.add_input(name);
  return {};
}

// The bounds were float32 numbers that default to the largest; a missing input is the largest of the type.
Result<void> clip_bounds(Node& node, Surroundings& around) {
  const auto low = take(node, "min");
  const auto high = take(node, "max");
  const bool explicitly = type_of_first_input(node, around) != DType::float32;
  if (!low && !high && !explicitly) return {};
  using Limits = std::numeric_limits<float>;
  std::string min;
  std::string max;
  if (low || explicitly) {
    PITH_TRY(min, scalar_like_input(node, around, "min", low ? low->f() : Limits::lowest()));
  }
  if (high || explicitly) {
    PITH_TRY(max, scalar_like_input(node, around, "max", high ? high->f() : Limits::max()));
  }
  node.add_input(min);
  if (!max.empty()) node.add_input(max);
  return {};
}

// The mask had the type of the data and became boolean.
Result<void> dropout_mask(Node& node, Surroundings& around) {
  if (node.output_size() > 1 && around.is_used(node.output(1))) return refuse("its mask is used");
  return {};
}

Result<void> dropout_ratio(Node& node, Surroundings& around) {
  if (const auto ratio = take(node, "ratio"))
    node.add_input(around.add_constant("ratio", Tensor::of<float>({}, {ratio->f()})));
  return {};
}

Result<void> batch_norm_spatial(Node& node, Surroundings& /*around*/) {
  if (const auto spatial = take(node, "spatial"); spatial && spatial->i() == 0)
    return refuse("it normalizes each position by itself (spatial = 0)");
  return {};
}

// Training was asked for by naming the outputs of the statistics.
Result<void> batch_norm_training(Node& node, Surroundings& /*around*/) {
  for (int i = 1; i < node.output_size(); ++i) {
    if (!node.output(i).empty()) return refuse("it is in training form");
  }
  while (node.output_size() > 1) node.mutable_output()->RemoveLast();
  return {};
}

Result<void> upsample_scales(Node& node, Surroundings& around) {
  const auto scales = take(node, "scales");
  if (!scales) return refuse("it has no attribute 'scales'");
  node.add_input(around.add_constant(
      "scales", Tensor::of({scales->floats_size()},
                           std::vector<float>(scales->floats().begin(), scales->floats().end()))));
  return {};
}

Result<void> upsample_to_resize(Node& node, Surroundings& /*around*/) {
  node.set_op_type("Resize");
  return {};
}

// Positions were output position / scale, and the nearest one the next lower. When an image shrinks,
// runtimes did not agree on the nearest.
Result<void> resize_modes(Node& node, Surroundings& around) {
  if (node.input_size() != 2) return refuse("it does not have two inputs");
  const auto mode = take(node, "mode");
  const std::string word = mode ? mode->s() : "nearest";
  if (word == "nearest") {
    const auto scales = around.constant(node.input(1));
    if (!scales || scales->dtype() != DType::float32) return refuse("its scales are not known");
    if (std::ranges::any_of(scales->as<float>(), [](float scale) { return !(scale >= 1.0F); }))
      return refuse("it takes the nearest pixel of an image that it shrinks");
    set(node, "nearest_mode", "floor");
  }
  set(node, "mode", word);
  set(node, "coordinate_transformation_mode", "asymmetric");
  const std::string scales = node.input(1);
  node.set_input(1, around.add_constant("roi", Tensor::of<float>({0}, {})));
  node.add_input(scales);
  return {};
}

Result<void> scatter_name(Node& node, Surroundings& /*around*/) {
  node.set_op_type("ScatterElements");
  return {};
}

Result<void> roi_align_pixels(Node& node, Surroundings& /*around*/) {
  set(node, "coordinate_transformation_mode", "output_half_pixel");
  return {};
}

Result<void> grid_sample_words(Node& node, Surroundings& /*around*/) {
  const auto mode = take(node, "mode");
  if (!mode) return {};
  set(node, "mode", mode->s() == "bilinear" ? "linear" : mode->s() == "bicubic" ? "cubic" : mode->s());
  return {};
}

Result<void> dft_axis(Node& node, Surroundings& around) {
  const auto axis = take(node, "axis");
  if (node.input_size() < 2) node.add_input("");
  node.add_input(around.add_constant("axis", Tensor::of<std::int64_t>({}, {axis ? axis->i() : 1})));
  return {};
}

Result<void> log_sum_of_floats(Node& node, Surroundings& around) {
  switch (type_of_first_input(node, around)) {
    case DType::float32:
    case DType::float64:
    case DType::float16:
    case DType::bfloat16:
      return {};
    default:
      return refuse("its input is not known to be of a float type");
  }
}

Node plain_node(const std::string& op_type, const std::vector<std::string>& inputs,
                const std::string& output) {
  Node node;
  node.set_op_type(op_type);
  for (const std::string& input : inputs) node.add_input(input);
  node.add_output(output);
  return node;
}

// The operator went over all dimensions from `axis` on, and now goes over that one only. Where it is not the
// last, the dimensions are flattened around it and restored.
Result<void> softmax_axis(Node& node, Surroundings& around) {
  if (node.input_size() != 1 || node.output_size() != 1)
    return refuse("it does not have one input and output");
  const auto given = take(node, "axis");
  const std::int64_t axis = given ? given->i() : 1;
  const std::string x = node.input(0);
  const ValueType* type = around.type_of(x);
  const bool has_rank = type != nullptr && type->shape.has_value();
  const auto rank = has_rank ? static_cast<std::int64_t>(type->shape->size()) : 0;
  set(node, "axis", std::int64_t{-1});
  if (axis == -1 || (has_rank && axis == rank - 1)) return {};

  const std::string y = node.output(0);
  const std::string shape = around.new_name(y + "_shape");
  const std::string flat = around.new_name(x + "_flat");
  const std::string result = around.new_name(y + "_flat");
  around.before.push_back(plain_node("Shape", {x}, shape));
  around.before.push_back(plain_node("Flatten", {x}, flat));
  set(around.before.back(), "axis", axis);
  node.set_input(0, flat);
  node.set_output(0, result);
  around.after.push_back(plain_node("Reshape", {result, shape}, y));
  return {};
}

const std::map<std::pair<std::string_view, std::int64_t>, Rewrite>& rewrites() {
  static const std::map<std::pair<std::string_view, std::int64_t>, Rewrite> kRewrites{
      {{"BatchNormalization", 9}, batch_norm_spatial},
      {{"BatchNormalization", 14}, batch_norm_training},
      {{"Clip", 11}, clip_bounds},
      {{"DFT", 20}, dft_axis},
      {{"Dropout", 10}, dropout_mask},
      {{"Dropout", 12}, dropout_ratio},
      {{"GridSample", 20}, grid_sample_words},
      {{"Hardmax", 13}, softmax_axis},
      {{"LogSoftmax", 13}, softmax_axis},
      {{"Pad", 11}, pad_lists},
      {{"ReduceL1", 18}, reduce_axes},
      {{"ReduceL2", 18}, reduce_axes},
      {{"ReduceLogSum", 18}, reduce_axes},
      {{"ReduceLogSum", 28}, log_sum_of_floats},
      {{"ReduceLogSumExp", 18}, reduce_axes},
      {{"ReduceLogSumExp", 28}, log_sum_of_floats},
      {{"ReduceMax", 18}, reduce_axes},
      {{"ReduceMean", 18}, reduce_axes},
      {{"ReduceMin", 18}, reduce_axes},
      {{"ReduceProd", 18}, reduce_axes},
      {{"ReduceSum", 13}, reduce_axes},
      {{"ReduceSumSquare", 18}, reduce_axes},
      {{"Resize", 11}, resize_modes},
      {{"RoiAlign", 16}, roi_align_pixels},
      {{"Scatter", 11}, scatter_name},
      {{"Slice", 10}, slice_bounds},
      {{"Softmax", 13}, softmax_axis},
      {{"Split", 13}, split_sizes},
      {{"Split", 18}, split_count},
      {{"Squeeze", 13}, squeeze_axes},
      {{"TopK", 10}, top_k},
      {{"Unsqueeze", 13}, squeeze_axes},
      {{"Upsample", 9}, upsample_scales},
      {{"Upsample", 10}, upsample_to_resize},
  };
  return kRewrites;
}

}  // namespace

Result<void> adapt(Node& node, std::int64_t opset, Surroundings& around) {
  const auto found = rewrites().find({node.op_type(), opset});
  if (found == rewrites().end()) {
    return refuse(
        fmt::format("the meaning of {} changed with operator set {}, and there is no exact conversion",
                    node.op_type(), opset));
  }
  for (const auto& attribute : node.attribute()) {
    if (attribute.has_ref_attr_name())
      return refuse(fmt::format("attribute '{}' is a parameter of the function around it", attribute.name()));
  }
  return found->second(node, around);
}

}  // namespace pith::ir::onnx
