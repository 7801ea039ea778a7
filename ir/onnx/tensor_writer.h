// Where the bytes of tensors go when a model is written.
#pragma once

#include <vector>

#include "ir/onnx/external_writer.h"
#include "ir/onnx/proto.h"
#include "ir/tensor.h"

namespace pith::ir::onnx {

class TensorWriter {
 public:
  // nullptr: everything stands in the model's own file.
  explicit TensorWriter(ExternalWriter* external) : external_(external) {}

  // Adds type, shape and data to the message: strings as string_data, all else as a token of raw_data().
  void put(const Tensor& tensor, proto::TensorProto& message);
  // The same for an initializer, whose bytes may go to another file.
  void put_initializer(const Tensor& tensor, proto::TensorProto& message);

  // Fills in the locations of what went to other files.
  [[nodiscard]] Result<void> finish();
  [[nodiscard]] const std::vector<Buffer>& raw_data() const { return raw_data_; }

 private:
  struct Outside {
    std::size_t file;
    proto::StringStringEntryProto* location;
  };

  ExternalWriter* external_;
  std::vector<Buffer> raw_data_;
  std::vector<Outside> outside_;
};

}  // namespace pith::ir::onnx
