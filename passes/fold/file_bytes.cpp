#include "passes/fold/file_bytes.h"

namespace pith::passes::fold {

// Protobuf: a field is a tag, a length and its bytes.
std::uint64_t node_bytes(const ir::Graph& graph, const ir::Node& node) {
  std::uint64_t bytes = 4 + node.op_type.size() + node.name.size();
  for (const auto& ids : {node.inputs, node.outputs}) {
    for (const ir::ValueId id : ids) bytes += 2 + (id == ir::kNoValue ? 0 : graph.value(id).name.size());
  }
  for (const auto& [name, attribute] : node.attributes) bytes += 6 + name.size();
  return bytes;
}

std::uint64_t constant_overhead(const ir::Value& value, std::size_t rank) {
  const std::uint64_t as_node = value.output_uses > 0 ? 32 : 0;
  return 12 + value.name.size() + 2 * rank + as_node;
}

}  // namespace pith::passes::fold
