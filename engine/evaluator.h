// Measures a model on data.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "engine/dataset.h"
#include "engine/metrics.h"
#include "engine/runtime.h"

namespace pith::engine {

// What a model decided for each sample; kept from one evaluation, it is the reference of another one.
struct Predictions {
  std::vector<std::int64_t> decisions;
};

struct EvaluateOptions {
  Metric metric = Metric::top1;
  std::uint64_t max_samples = 0;  // 0: all
  unsigned threads = 1;           // batches run side by side; the result does not depend on it

  // The model to agree with: its predictions on the same data, or itself (the bytes of an ONNX model).
  const Predictions* reference = nullptr;
  std::span<const std::byte> reference_model;

  // Called with the batches done and their number, one call at a time, from any of the threads.
  std::function<void(std::uint64_t done, std::uint64_t total)> progress;
  // Asked before each batch, likewise; true ends the evaluation with ErrorCode::interrupted.
  std::function<bool()> cancelled;
};

struct Evaluation {
  Quality quality;
  // What the metric is the mean of: of each sample 1 where it is decided right (by its label, or as the
  // reference decides) and 0 where not, or its squared error.
  std::vector<double> of_sample;
  std::vector<double> margins;  // of each sample, by the class that is right (metrics.h); empty for mse
  std::uint64_t unit = 1;       // the number of samples is a multiple of this; 0: they are one recorded run
  std::optional<Quality> agreement;  // with the reference, when one is given and the outputs are class scores
  Predictions predictions;           // empty when the outputs are no class scores
};

// Runs the model (the bytes of an ONNX model) on every sample and measures its first output.
// Refuses what Session and Dataset::bind refuse; (ErrorCode::data) missing, wrong or too few labels;
// (ErrorCode::usage) `agreement` without a reference; (ErrorCode::model) an output without one row a sample.
[[nodiscard]] Result<Evaluation> evaluate(const Runtime& runtime, std::span<const std::byte> model,
                                          const Dataset& data, const EvaluateOptions& options);

}  // namespace pith::engine
