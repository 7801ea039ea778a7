// The ONNX messages, for the files of this folder.
#pragma once

#include <onnx/onnx_pb.h>

#include <string>

namespace pith::ir::onnx {

namespace proto = ::onnx;

// The message's bytes; the same message always gives the same bytes.
[[nodiscard]] std::string serialize(const google::protobuf::MessageLite& message);

// "node 'conv_3'", or its operator and first output when it has no name: "node Conv of 'y'".
[[nodiscard]] std::string describe(const proto::NodeProto& node);

// ONNX's own domain has two spellings, "" and "ai.onnx".
[[nodiscard]] inline bool is_onnx_domain(const std::string& domain) {
  return domain.empty() || domain == "ai.onnx";
}

}  // namespace pith::ir::onnx
