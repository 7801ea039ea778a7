// The ONNX messages, for the files of this folder.
#pragma once

#include <onnx/onnx_pb.h>

#include <string>

namespace pith::ir::onnx {

namespace proto = ::onnx;

// The message's bytes; the same message always gives the same bytes.
[[nodiscard]] std::string serialize(const google::protobuf::MessageLite& message);

}  // namespace pith::ir::onnx
