// Two models on the same data: how far their outputs are apart.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/dataset.h"
#include "engine/difference.h"
#include "engine/runtime.h"

namespace pith::engine {

struct CompareOptions {
  bool optimize = true;  // ONNX Runtime's graph optimisations; without them equal graphs give equal bits
  std::uint64_t max_samples = 0;  // 0: all
  unsigned threads = 1;           // batches run side by side; the result does not depend on it
  // As in EvaluateOptions.
  std::function<void(std::uint64_t done, std::uint64_t total)> progress = {};
  std::function<bool()> cancelled = {};
};

struct OutputDifference {
  std::string name;   // of the first model's output
  std::string other;  // of the second's that was compared with it; empty when there is none
  Difference difference;
  std::optional<double> agreement;  // share of samples decided alike, for class scores (see decide())
  std::string not_compared;         // why, if it was not; then the numbers above mean nothing
};

struct OutputComparison {
  std::vector<OutputDifference> outputs;  // in the order of the first model, then what only the second has
  std::uint64_t samples = 0;              // 0: one recorded run
};

// Outputs are matched by name, those left over by order when both models have as many. Refuses what Session
// and Dataset::bind refuse, and (ErrorCode::data) models that take the data in different batches.
[[nodiscard]] Result<OutputComparison> compare_outputs(const Runtime& runtime, std::span<const std::byte> a,
                                                       std::span<const std::byte> b, const Dataset& data,
                                                       const CompareOptions& options);

}  // namespace pith::engine
