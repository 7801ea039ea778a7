#include "ir/onnx/read.h"

#include <fmt/core.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <algorithm>
#include <limits>

#include "ir/onnx/carriers.h"
#include "ir/onnx/functions.h"
#include "ir/onnx/importer.h"
#include "ir/onnx/raw_data.h"
#include "ir/onnx/wire_check.h"
#include "ir/verify.h"

namespace pith::ir::onnx {
namespace {

constexpr std::size_t kLargestMessage = std::numeric_limits<std::int32_t>::max();
// The limit of ONNX Runtime.
constexpr int kDeepestSubgraph = 32;
constexpr int kDeepestMessage = 200;  // check_wire has refused at less

struct Parsed {
  proto::ModelProto message;
  std::vector<Buffer> raw_data;
};

Result<Parsed> parse(const Buffer& bytes) {
  if (bytes.size() == 0) return fail(ErrorCode::model, "the file is empty", "name an ONNX model");
  if (bytes.size() > kLargestMessage) {
    return fail(ErrorCode::model, "the file is larger than 2 GiB, the limit of an ONNX message",
                "store the weights of such a model as external data");
  }
  PITH_CHECK_OK(check_wire(bytes.bytes()));
  PITH_TRY(TakenApart apart, take_raw_data(bytes));
  bytes.release();
  google::protobuf::io::ArrayInputStream stream(apart.message.data(), static_cast<int>(apart.message.size()));
  google::protobuf::io::CodedInputStream coded(&stream);
  coded.SetTotalBytesLimit(std::numeric_limits<std::int32_t>::max());
  coded.SetRecursionLimit(kDeepestMessage);
  Parsed parsed{.message = {}, .raw_data = std::move(apart.raw_data)};
  proto::ModelProto& message = parsed.message;
  if (!message.ParseFromCodedStream(&coded) || !coded.ConsumedEntireMessage() || !message.has_graph()) {
    return fail(ErrorCode::model, "this is not an ONNX model, or it is truncated",
                "name an .onnx or .pith file");
  }
  return parsed;
}

// How deep subgraphs are nested; as deep as the message is, which parsing has bounded.
int depth_of(const proto::GraphProto& graph) {
  int deepest = 0;
  for (const auto& node : graph.node()) {
    for (const auto& attribute : node.attribute()) {
      if (attribute.has_g()) deepest = std::max(deepest, 1 + depth_of(attribute.g()));
      for (const auto& inner : attribute.graphs()) deepest = std::max(deepest, 1 + depth_of(inner));
    }
  }
  return deepest;
}

}  // namespace

Result<Model> read(const Buffer& bytes, const ReadOptions& options) {
  PITH_TRY(Parsed parsed, parse(bytes));
  proto::ModelProto& message = parsed.message;
  if (depth_of(message.graph()) > kDeepestSubgraph) {
    return fail(ErrorCode::model, fmt::format("subgraphs are nested deeper than {}", kDeepestSubgraph));
  }
  PITH_CHECK_OK(FunctionTable::of(message));
  Model model;
  model.ir_version = message.ir_version();
  for (const auto& opset : message.opset_import()) {
    model.opsets.emplace_back(opset.domain() == "ai.onnx" ? "" : opset.domain(), opset.version());
  }
  Importer importer(model, options, std::move(parsed.raw_data));
  PITH_CHECK_OK(importer.import_graph(*message.mutable_graph(), kMainGraph, nullptr));
  message.clear_graph();
  message.clear_ir_version();
  message.clear_opset_import();
  model.carried = serialize(message);
  recognize_carriers(model);
  PITH_CHECK_OK(verify(model));
  return model;
}

}  // namespace pith::ir::onnx
