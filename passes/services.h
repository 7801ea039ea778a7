// What passes may ask of other parts of the program, as interfaces: the command line puts them into the
// context.
#pragma once

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

}  // namespace pith::passes
