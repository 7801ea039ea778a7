#include "ir/onnx/proto.h"

#include <fmt/core.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

namespace pith::ir::onnx {

std::string serialize(const google::protobuf::MessageLite& message) {
  std::string bytes;
  bytes.reserve(message.ByteSizeLong());
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    message.SerializePartialToCodedStream(&coded);
  }
  return bytes;
}

std::string describe(const proto::NodeProto& node) {
  if (!node.name().empty()) return fmt::format("node '{}'", node.name());
  return fmt::format("node {} of '{}'", node.op_type(), node.output_size() > 0 ? node.output(0) : "");
}

}  // namespace pith::ir::onnx
