// What a model's weights are written to when they do not lie in its own file.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ir/tensor.h"

namespace pith::ir::onnx {

// Files beside the model that take its weights.
class ExternalWriter {
 public:
  virtual ~ExternalWriter() = default;

  struct Place {
    std::size_t file = 0;  // an index of what finish() returns
    std::uint64_t offset = 0;
  };
  // Writes the tensor's bytes, or leaves them to the model's own file (nullopt). Failures are told by
  // finish().
  [[nodiscard]] virtual std::optional<Place> put(const Tensor& tensor) = 0;

  // After the last tensor: the locations of the files, relative to the model's folder.
  [[nodiscard]] virtual Result<std::vector<std::string>> finish() = 0;
};

}  // namespace pith::ir::onnx
