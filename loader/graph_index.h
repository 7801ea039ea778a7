// Where in a container's graph the stored tensors belong, found in the bytes of its ModelProto.
#pragma once

#include <cstdint>
#include <limits>
#include <span>

#include "loader/container_reader.h"
#include "loader/memory.h"
#include "loader/status.h"

namespace pith::loader {

// A message that grows when values are put into the graph: an initializer without data, or what it lies in.
struct GrowingMessage {
  static constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();

  std::size_t length_at = 0;  // where its length is
  std::size_t content = 0;
  std::size_t end = 0;
  std::size_t parent = kNone;  // the growing message around it
  std::size_t tensor = kNone;  // of an initializer: which one of the container
};

// Those of a graph, in the order of their places; the outer before the inner.
using GraphIndex = Vector<GrowingMessage>;

// Walks the graph with its subgraphs, functions and training graphs. Refuses
// - bytes that are no ModelProto, two graphs in one field, messages nested deeper than 100;
// - records without exactly one initializer of their name, type and dimensions that has no data, in the
//   graph or a subgraph, and initializers there that have elements but neither data nor a record;
// - tensors of external data, wherever they are;
// - operators that the container does not list (in drafts of the format but for Constant).
[[nodiscard]] Expected<GraphIndex> index_graph(std::span<const std::uint8_t> graph,
                                               const Container& container) noexcept;

}  // namespace pith::loader
