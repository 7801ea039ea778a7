#include "report/constants.h"

#include <algorithm>

#include "passes/parallel.h"

namespace pith::report {
namespace {

// Dense bytes that may be unpacked at once, by all threads together; larger tensors come one by one.
constexpr std::uint64_t kSmallTensors = std::uint64_t{64} << 20;

std::uint64_t dense_bytes(const ir::Constant& constant) {
  return ir::packed_bytes(constant.dtype, ir::element_count(constant.shape).value_or(0)).value_or(0);
}

}  // namespace

std::vector<NamedConstant> constants_of(const ir::Model& model) {
  std::vector<NamedConstant> constants;
  for (const ir::GraphId graph_id : model.graphs()) {
    const ir::Graph& graph = model.graph(graph_id);
    for (const ir::ValueId id : graph.values()) {
      const ir::Value& value = graph.value(id);
      if (value.constant != nullptr && value.constant->dtype != ir::DType::string &&
          ir::element_count(value.constant->shape).value_or(0) > 0) {
        constants.push_back({value.name, value.constant});
      }
    }
  }
  return constants;
}

ConstantsByName by_name(std::span<const NamedConstant> constants) {
  ConstantsByName found;
  for (const NamedConstant& named : constants) found.emplace(named.name, named.constant);
  return found;
}

void for_each_constant(std::span<const NamedConstant> constants, unsigned threads,
                       const std::function<void(std::size_t, unsigned)>& work) {
  std::vector<std::size_t> small;
  for (std::size_t i = 0; i < constants.size(); ++i) {
    if (dense_bytes(*constants[i].constant) <= kSmallTensors / std::max(threads, 1U)) {
      small.push_back(i);
    } else {
      work(i, threads);
    }
  }
  const auto done = passes::for_each_index(small.size(), threads, [&](std::uint64_t i) -> Result<void> {
    work(small[i], 1);
    return {};
  });
  PITH_ASSERT(done.has_value(), "work that returns nothing cannot fail");
}

std::optional<engine::Difference> difference(const ir::Constant& a, const ir::Constant& b) {
  if (a.shape != b.shape) return std::nullopt;
  constexpr std::uint64_t kRange = std::uint64_t{4} << 20;
  const std::uint64_t count = ir::element_count(a.shape).value_or(0);
  engine::Difference total;
  for (std::uint64_t first = 0; first < count; first += kRange) {
    const std::uint64_t size = std::min(kRange, count - first);
    const ir::Tensor x = to_dense(a, first, size);
    const ir::Tensor y = to_dense(b, first, size);
    const auto found = engine::difference(x, y);
    x.buffer().release();
    y.buffer().release();
    if (!found) return std::nullopt;
    total.add(*found);
  }
  return total;
}

}  // namespace pith::report
