// A model as text, one node a line, for tests, dumps and error messages.
#pragma once

#include <string>

#include "ir/model.h"

namespace pith::ir {

// y = Conv(x, weight[2,2,1,1], bias[2]) {strides=[1,1]}
// Constants show their shape (and their form when it is not dense), absent inputs are empty,
// subgraphs are indented below their node. Values without a name print as %<id>.
[[nodiscard]] std::string print(const Model& model);

}  // namespace pith::ir
