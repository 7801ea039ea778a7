// Reads ONNX models: every operator set and every operator, known or not.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "ir/model.h"
#include "ir/onnx/data_folder.h"

namespace pith::ir::onnx {

struct ReadOptions {
  // The folder that external data must lie in; empty: external data is refused.
  DataFolder data_folder = {};
  // Files of external data that are mapped already, by location.
  std::map<std::string, Buffer> data_files = {};
  // Called once for each file of external data that is opened: its path below the folder, its size.
  std::function<void(const std::string& location, std::uint64_t bytes)> opened = {};
  // Gives the constant behind an initializer that has a type and a shape but no data (a container keeps
  // the weights beside the graph). Names are unique within a model. Absent: such an initializer is refused.
  std::function<Result<Constant>(std::string_view name, DType dtype, const Shape& shape)> stored = {};
};

// The model in these bytes, which are an ONNX ModelProto.
//   - initializers and Constant nodes (of numbers) become constants; sparse initializers keep their form;
//   - the carriers that write() makes for affine and codebook constants become those forms again;
//   - what is not modelled (unknown domains, functions, metadata, doc strings, device configurations,
//     non-tensor types) is carried and written back as it came;
//   - nodes that the file lists out of order are put in order.
// Refuses, with ErrorCode::model and the node or tensor in the message: bytes that are no model, data that
// does not match its shape or type, names produced twice or never, cycles, subgraphs deeper than 32,
// functions that call themselves, and what check_wire, FunctionTable and check_node refuse.
[[nodiscard]] Result<Model> read(const Buffer& bytes, const ReadOptions& options = {});

}  // namespace pith::ir::onnx
