// ONNX Runtime as the service that shows passes what flows through a model.
#pragma once

#include "engine/taps.h"
#include "passes/services.h"

namespace pith::engine {

// Batches are computed side by side by `threads` threads and handed out in order.
class OnnxActivations final : public passes::Activations {
 public:
  OnnxActivations(Runtime runtime, Dataset data, std::uint64_t max_samples, unsigned threads)
      : runtime_(runtime), data_(std::move(data)), max_samples_(max_samples), threads_(threads) {}

  [[nodiscard]] Result<void> visit(const ir::Model& model, std::span<const ir::ValueId> values,
                                   const Visit& visit) override;

 private:
  Runtime runtime_;
  Dataset data_;
  std::uint64_t max_samples_;
  unsigned threads_;
};

}  // namespace pith::engine
