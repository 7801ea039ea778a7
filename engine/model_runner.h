// ONNX Runtime as the service that passes compute with.
#pragma once

#include <filesystem>
#include <optional>

#include "engine/runtime.h"
#include "passes/services.h"

namespace pith::engine {

// Loads the library when the first model is run, so that pipelines that compute nothing do not wait for it.
class OnnxRunner final : public passes::ModelRunner {
 public:
  // `library`: as given by the user, may be empty; see Runtime::load.
  explicit OnnxRunner(std::filesystem::path library) : library_(std::move(library)) {}

  [[nodiscard]] Result<std::vector<ir::Tensor>> run(const ir::Model& model,
                                                    std::span<const ir::Tensor> inputs) override;

 private:
  std::filesystem::path library_;
  std::optional<Result<Runtime>> runtime_;
};

}  // namespace pith::engine
