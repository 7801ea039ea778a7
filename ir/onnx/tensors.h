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

// Where the bytes of a model's tensors are: beside the message, which was taken apart, and in other files.
struct TensorData {
  std::vector<Buffer> raw_data;
  ExternalData external{DataFolder{}};
};

// Moves the tensor out of the message: type, shape and data are cleared there, what stays is what the IR
// does not model. Refuses more than one data field, and data whose size does not match type and shape.
// The bytes are not copied when they are many; they may then lie unaligned (Tensor::aligned()).
[[nodiscard]] Result<Tensor> take_tensor(proto::TensorProto& message, TensorData& data);

// The same for a message that was not taken apart and has no data elsewhere; the bytes are aligned.
[[nodiscard]] Result<Tensor> take_whole_tensor(proto::TensorProto& message);

// Adds few integers as int32_data or int64_data, in variable-length numbers, where that is shorter; false,
// and nothing added, for all else.
[[nodiscard]] bool put_short_integers(const Tensor& tensor, proto::TensorProto& message);

// Adds type, shape and data to a message that is not written to a file (see TensorWriter): strings as
// string_data, few integers as above, all else as raw_data.
void put_tensor(const Tensor& tensor, proto::TensorProto& message);
void put_head(DType dtype, const Shape& shape, proto::TensorProto& message);

// Moves what the IR models of a declared type out of the message: a tensor type with its shape.
[[nodiscard]] ValueType take_type(proto::ValueInfoProto& message);
// Adds the type to the message unless it carries one already.
void put_type(const ValueType& type, proto::ValueInfoProto& message);

}  // namespace pith::ir::onnx
