// Takes out a node whose result is a value that is there already.
#pragma once

#include <optional>
#include <string>

#include "ir/model.h"

namespace pith::passes {

// Why the readers of the node's first output cannot read `value` of the same graph instead; nullopt when they
// can. A graph output keeps its name, so it needs a node that makes it: one between a graph input, a
// constant, a captured value or another graph output and a graph output stays. A node whose result nothing
// reads is for remove-dead-values.
[[nodiscard]] std::optional<std::string> bypass_refusal(const ir::Graph& graph, const ir::Node& node,
                                                        ir::ValueId value);

// Everything that reads the node's first output reads `value` instead, and the node goes. When that output is
// one of the graph, the node that makes `value` makes it instead. Only where bypass_refusal() has nothing to
// say, and nothing uses the node's further outputs.
void bypass(ir::Model& model, ir::GraphId graph, ir::NodeId node, ir::ValueId value);

}  // namespace pith::passes
