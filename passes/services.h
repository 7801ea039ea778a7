// What passes may ask of other parts of the program, as interfaces: the command line puts them into the
// context.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "ir/model.h"

namespace pith::passes {

// Runs small models.
class ModelRunner {
 public:
  virtual ~ModelRunner() = default;

  // The outputs of the model's main graph, in order, computed once on these inputs (in order of the graph's
  // inputs) with the runtime's optimisations off. Refuses with ErrorCode::environment when there is no
  // runtime, and with ErrorCode::model what the runtime refuses, what fails, and results that are no tensors
  // of numbers.
  [[nodiscard]] virtual Result<std::vector<ir::Tensor>> run(const ir::Model& model,
                                                            std::span<const ir::Tensor> inputs) = 0;
};

// Shows what flows through a model while it runs on the calibration data.
class Activations {
 public:
  using Visit = std::function<Result<void>(std::span<const ir::Tensor>)>;

  virtual ~Activations() = default;

  // Runs the model on all of the data and calls `visit` with these values of its main graph (inputs, outputs
  // and results of nodes), batch after batch in the order of the data; nothing is kept. Refuses what the
  // runtime and the data refuse, and values that are no tensors.
  [[nodiscard]] virtual Result<void> visit(const ir::Model& model, std::span<const ir::ValueId> values,
                                           const Visit& visit) = 0;
};

// Knows what the coders will make of codes.
class RateModel {
 public:
  virtual ~RateModel() = default;

  // The bits that one more code i costs where code k has occurred counts[k] times; also for codes that have
  // not occurred. Not all counts are zero.
  [[nodiscard]] virtual std::vector<float> bits(std::span<const std::uint64_t> counts) const = 0;

  // Whether integers of a trellis (loader/trellis.h) are stored as their indices. Otherwise they take about a
  // bit more than those of a plain grid.
  [[nodiscard]] virtual bool stores_trellises() const = 0;
};

}  // namespace pith::passes
