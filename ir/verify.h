// Every invariant of a model, in one place.
#pragma once

#include "ir/model.h"

namespace pith::ir {

// Checks, for every live graph:
//   - every id that a node, an input or an output names is alive, and nodes come after what they read;
//   - a value has one source: a node, a graph input, a constant, or the enclosing graph;
//   - producers, readers, output counts and captures agree with the nodes;
//   - constants satisfy check(); attribute names of a node are sorted and unique;
//   - subgraphs are owned by the node that names them.
// Refuses with the first violation (ErrorCode::model, the graph and the node in the message).
[[nodiscard]] Result<void> verify(const Model& model);

}  // namespace pith::ir
