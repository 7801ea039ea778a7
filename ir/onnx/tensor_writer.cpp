#include "ir/onnx/tensor_writer.h"

#include "ir/onnx/raw_data.h"
#include "ir/onnx/tensors.h"

namespace pith::ir::onnx {

void TensorWriter::put(const Tensor& tensor, proto::TensorProto& message) {
  if (tensor.dtype() == DType::string || tensor.bytes().empty()) return put_tensor(tensor, message);
  put_head(tensor.dtype(), tensor.shape(), message);
  if (put_short_integers(tensor, message)) return;
  message.set_raw_data(make_token(raw_data_.size()));
  raw_data_.push_back(tensor.buffer());
}

void TensorWriter::put_initializer(const Tensor& tensor, proto::TensorProto& message) {
  const bool may_move = external_ != nullptr && tensor.dtype() != DType::string && !tensor.bytes().empty();
  const auto place = may_move ? external_->put(tensor) : std::nullopt;
  if (!place) return put(tensor, message);
  put_head(tensor.dtype(), tensor.shape(), message);
  message.set_data_location(proto::TensorProto::EXTERNAL);
  const auto add = [&](const std::string& key, std::string value) {
    auto* entry = message.add_external_data();
    entry->set_key(key);
    entry->set_value(std::move(value));
    return entry;
  };
  outside_.push_back({place->file, add("location", "")});
  add("offset", std::to_string(place->offset));
  add("length", std::to_string(tensor.bytes().size()));
}

Result<void> TensorWriter::finish() {
  if (external_ == nullptr) return {};
  PITH_TRY(const std::vector<std::string> locations, external_->finish());
  for (const Outside& one : outside_) one.location->set_value(locations.at(one.file));
  return {};
}

}  // namespace pith::ir::onnx
