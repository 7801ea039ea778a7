// Which operators a model uses.
#pragma once

#include <string>
#include <vector>

#include "ir/model.h"

namespace pith::ir::onnx {

// Every operator of the model's graphs, subgraphs, functions and training graphs, sorted, each once: "Conv",
// or "com.microsoft::MatMulNBits" outside of ONNX's own domain. Calls of a function are listed too.
[[nodiscard]] std::vector<std::string> operators(const Model& model);

}  // namespace pith::ir::onnx
