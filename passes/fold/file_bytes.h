// What nodes and constants take in a file, so that no pass makes one larger.
#pragma once

#include <cstdint>

#include "ir/graph.h"

namespace pith::passes::fold {

// A node, rather less than more: its operator, and the names of itself, of its values and of its attributes.
[[nodiscard]] std::uint64_t node_bytes(const ir::Graph& graph, const ir::Node& node);

// A constant of this value beside its elements: its name, type and shape; as a graph output it is written as
// a node.
[[nodiscard]] std::uint64_t constant_overhead(const ir::Value& value, std::size_t rank);

// The elements of a tensor: few integers take as many bytes as their values need, all else its raw bytes.
[[nodiscard]] std::uint64_t element_bytes(const ir::Tensor& tensor);

}  // namespace pith::passes::fold
