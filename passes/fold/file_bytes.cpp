#include "passes/fold/file_bytes.h"

#include <algorithm>

#include "ir/wire.h"

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

std::uint64_t element_bytes(const ir::Tensor& tensor) {
  constexpr std::size_t kFew = std::size_t{64} << 10;  // as the writer has it
  const std::uint64_t raw = tensor.bytes().size();
  if (raw > kFew) return raw;
  const auto variable = [](auto values) {
    std::uint64_t size = 0;
    for (const auto value : values)
      size += ir::varint_size(static_cast<std::uint64_t>(static_cast<std::int64_t>(value)));
    return size;
  };
  if (tensor.dtype() == ir::DType::int64) return std::min(raw, variable(tensor.aligned().as<std::int64_t>()));
  if (tensor.dtype() == ir::DType::int32) return std::min(raw, variable(tensor.aligned().as<std::int32_t>()));
  return raw;
}

}  // namespace pith::passes::fold
