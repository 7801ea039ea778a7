// Runs a pipeline: each pass on a copy of the model, verified, and kept or rolled back.
#pragma once

#include <span>

#include "passes/observers.h"
#include "passes/pipeline.h"

namespace pith::passes {

// Runs the passes in order on `model`. After each, verify() must hold and "no change" must be true,
// else InternalError is thrown and `model` is as before that pass. A pass that fails ends the run with
// its error, `model` as before that pass. Returns one record a pass.
[[nodiscard]] Result<std::vector<PassRecord>> run(const Pipeline& pipeline, ir::Model& model,
                                                  PassContext& context,
                                                  std::span<Observer* const> observers = {});

// The same for the passes from number `first` on.
[[nodiscard]] Result<std::vector<PassRecord>> run_from(const Pipeline& pipeline, std::size_t first,
                                                       ir::Model& model, PassContext& context,
                                                       std::span<Observer* const> observers = {});

}  // namespace pith::passes
