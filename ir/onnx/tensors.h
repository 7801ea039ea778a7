// Tensors and types between ONNX messages and the IR.
#pragma once

#include "ir/onnx/external_data.h"
#include "ir/value.h"

namespace pith::ir::onnx {

// Whether the message holds data of any kind.
[[nodiscard]] bool has_data(const proto::TensorProto& message);

// The message's type and shape, checked.
struct TensorHead {
  DType dtype = DType::undefined;
  Shape shape;
};
[[nodiscard]] Result<TensorHead> read_head(const proto::TensorProto& message);

// Moves the tensor out of the message: type, shape and data are cleared there, what stays is what the IR
// does not model. Refuses more than one data field, and data whose size does not match type and shape.
[[nodiscard]] Result<Tensor> take_tensor(proto::TensorProto& message, ExternalData& external);

// Adds type, shape and data to the message, data as raw_data (strings as string_data).
void put_tensor(const Tensor& tensor, proto::TensorProto& message);
void put_head(DType dtype, const Shape& shape, proto::TensorProto& message);

// Moves what the IR models of a declared type out of the message: a tensor type with its shape.
[[nodiscard]] ValueType take_type(proto::ValueInfoProto& message);
// Adds the type to the message unless it carries one already.
void put_type(const ValueType& type, proto::ValueInfoProto& message);

}  // namespace pith::ir::onnx
