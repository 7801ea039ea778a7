#include "ir/onnx/carriers.h"
#include "ir/onnx/tensors.h"
#include "ir/overloaded.h"
#include "ir/weight_form.h"

namespace pith::ir::onnx {
namespace {

// [1,..,C,..,1] of this rank.
Shape along(std::size_t rank, std::int64_t axis, std::int64_t channels) {
  Shape shape(rank, 1);
  shape[static_cast<std::size_t>(axis)] = channels;
  return shape;
}

class Emitter {
 public:
  Emitter(const Constant& constant, const std::string& name, const std::string& carried,
          proto::GraphProto& graph, TensorWriter& tensors, const UniqueName& unique)
      : constant_(constant),
        name_(name),
        carried_(carried),
        graph_(graph),
        tensors_(tensors),
        unique_(unique) {}

  void emit(const Affine& form) {
    const std::string codes = initializer("codes", form.codes, carried_);
    const std::string values = node("Cast", {codes}, "float", DType::float32);
    std::string centred = values;
    if (!form.zero_points.empty()) {
      const std::vector<float> zeros(form.zero_points.begin(), form.zero_points.end());
      centred =
          node("Sub", {values, spread(form, Tensor::of(form.scales.shape(), zeros), "zero")}, "centred");
    }
    finish("Mul", {centred, spread(form, form.scales, "scale")});
  }

  void emit(const Codebook& form) {
    const std::string indices = initializer("codes", form.indices, carried_);
    std::string positions = node("Cast", {indices}, "index", DType::int32);
    const std::int64_t width = form.centroids.shape()[1];
    if (form.axis) {
      std::vector<std::int32_t> first;
      for (std::int64_t group = 0; group < form.centroids.shape()[0]; ++group) {
        first.push_back(static_cast<std::int32_t>(group * width));
      }
      const Shape shape = along(constant_.shape.size(), *form.axis, form.centroids.shape()[0]);
      positions =
          node("Add", {positions, initializer("first", Tensor::of(shape, std::move(first)))}, "position");
    }
    const auto count = static_cast<std::int64_t>(form.centroids.element_count());
    finish("Gather", {initializer("codebook", form.centroids.reshaped({count})), positions});
  }

 private:
  std::string initializer(const std::string& role, const Tensor& tensor) {
    return initializer(role, tensor, "");
  }

  std::string initializer(const std::string& role, const Tensor& tensor, const std::string& carried) {
    auto* message = graph_.add_initializer();
    PITH_ASSERT(message->ParsePartialFromString(carried), "a carried message that was changed");
    message->set_name(unique_(name_ + "_" + role));
    tensors_.put_initializer(tensor, *message);
    return message->name();
  }

  proto::NodeProto* add_node(const std::string& op, const std::vector<std::string>& inputs) {
    auto* message = graph_.add_node();
    message->set_op_type(op);
    for (const std::string& input : inputs) message->add_input(input);
    return message;
  }

  std::string node(const std::string& op, const std::vector<std::string>& inputs, const std::string& role,
                   DType to = DType::undefined) {
    auto* message = add_node(op, inputs);
    message->add_output(unique_(name_ + "_" + role));
    if (to != DType::undefined) set_int(*message, "to", static_cast<std::int64_t>(to));
    return message->output(0);
  }

  void finish(const std::string& op, const std::vector<std::string>& inputs) {
    add_node(op, inputs)->add_output(name_);
  }

  static void set_int(proto::NodeProto& message, const std::string& key, std::int64_t value) {
    auto* attribute = message.add_attribute();
    attribute->set_name(key);
    attribute->set_type(proto::AttributeProto::INT);
    attribute->set_i(value);
  }

  // Scales or zero points in a shape that broadcasts over the codes.
  std::string spread(const Affine& form, const Tensor& values, const std::string& role) {
    if (values.shape().empty()) return initializer(role, values);
    const std::int64_t dim = constant_.shape[static_cast<std::size_t>(form.axis)];
    if (form.block == 0)
      return initializer(role, values.reshaped(along(constant_.shape.size(), form.axis, dim)));
    if (block_of_position_.empty()) {
      std::vector<std::int32_t> blocks;
      for (std::int64_t i = 0; i < dim; ++i) blocks.push_back(static_cast<std::int32_t>(i / form.block));
      block_of_position_ = initializer("block", Tensor::of({dim}, std::move(blocks)));
    }
    const std::string blocked = initializer(role, values);
    std::string spread_out = node("Gather", {blocked, block_of_position_}, role + "_spread");
    set_int(*graph_.mutable_node(graph_.node_size() - 1), "axis", form.axis);
    return spread_out;
  }

  const Constant& constant_;
  const std::string& name_;
  const std::string& carried_;
  proto::GraphProto& graph_;
  TensorWriter& tensors_;
  const UniqueName& unique_;
  std::string block_of_position_;
};

}  // namespace

void emit_carrier(const Constant& constant, const std::string& name, const std::string& carried,
                  proto::GraphProto& graph, TensorWriter& tensors, const UniqueName& unique) {
  Emitter emitter(constant, name, carried, graph, tensors, unique);
  std::visit(Overloaded{[&](const Affine& form) { emitter.emit(form); },
                        [&](const Codebook& form) { emitter.emit(form); },
                        [](const auto&) { throw InternalError("this form has no carrier"); }},
             constant.form);
}

}  // namespace pith::ir::onnx
