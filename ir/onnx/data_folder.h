// Where the files of external data of a model may lie.
#pragma once

#include <filesystem>

namespace pith::ir::onnx {

struct DataFolder {
  std::filesystem::path folder = {};  // of the model; empty: external data is refused
  std::filesystem::path root = {};    // when set, links are followed as long as they stay below it
};

}  // namespace pith::ir::onnx
