// Runs nodes whose inputs are known, many in one model.
#pragma once

#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "ir/model.h"
#include "passes/services.h"

namespace pith::passes::fold {

// A node with one result and the tensors that it reads, null where an optional input is absent.
struct Task {
  const ir::Node* node = nullptr;
  std::vector<const ir::Tensor*> inputs;
};

using Value = std::expected<ir::Tensor, std::string>;

// The result of each task, or why there is none: what the runtime says. One model is made of all of them;
// when it fails, its halves are tried, so that one bad node spoils nothing. Fails only when there is no
// runtime (ErrorCode::environment).
[[nodiscard]] Result<std::vector<Value>> evaluate(ModelRunner& runner, const ir::Model& model,
                                                  const std::vector<Task>& tasks);

}  // namespace pith::passes::fold
