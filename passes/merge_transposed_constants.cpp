// Makes the readers of a matrix and of its transpose share one.
//
//   before   e = Gather(W, ids)    y = Gemm(x, V)                 V[j][i] = W[i][j], bit for bit
//   after    e = Gather(W, ids)    y = Gemm(x, W) {transB=1}
//
// As language models tie their embedding to their last layer. The readers of the one that goes must all be
// Gemm, which turns either factor for nothing, or MatMul whose other factor is known to be a matrix too,
// which becomes a Gemm. The other one may be read by anything. The runtime may add in another order, so
// results may round otherwise.
//
// Left alone: constants of less than 1 KiB, of one row or column, of element types below a byte, and
// compressed ones; pairs of different graphs; a constant that is a graph input or output. Only matrices whose
// shapes are each other's transposes are compared, by hash first: time is linear in the bytes.

#include "passes/merge_transposed_constants.h"

#include <xxhash.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <set>
#include <tuple>

#include "ir/rewriter.h"
#include "passes/places.h"

namespace pith::passes {
namespace {

using ir::Graph, ir::Node, ir::NodeId, ir::Tensor, ir::ValueId;

constexpr std::uint64_t kSmallest = 1U << 10U;

// The matrix behind a value that may be merged; nullptr when it is none.
const Tensor* matrix(const Graph& graph, ValueId id) {
  const ir::Value& value = graph.value(id);
  if (value.constant == nullptr || value.is_input || value.output_uses > 0) return nullptr;
  const auto* dense = std::get_if<ir::Dense>(&value.constant->form);
  if (dense == nullptr) return nullptr;
  const ir::Shape& shape = dense->tensor.shape();
  const bool whole_bytes = ir::bits_of(dense->tensor.dtype()) >= 8;
  if (!whole_bytes || shape.size() != 2 || shape[0] < 2 || shape[1] < 2) return nullptr;
  return dense->tensor.bytes().size() < kSmallest ? nullptr : &dense->tensor;
}

// Calls `row` with each row of the transpose, one after the other in the same buffer.
template <class Row>
void each_transposed_row(const Tensor& tensor, Row&& row) {
  const std::size_t width = ir::bits_of(tensor.dtype()) / 8;
  const auto rows = static_cast<std::size_t>(tensor.shape()[0]);
  const auto columns = static_cast<std::size_t>(tensor.shape()[1]);
  std::vector<std::byte> buffer(rows * width);
  for (std::size_t c = 0; c < columns; ++c) {
    for (std::size_t r = 0; r < rows; ++r)
      std::memcpy(buffer.data() + r * width, tensor.bytes().data() + (r * columns + c) * width, width);
    if (!row(c, std::span<const std::byte>(buffer))) return;
  }
}

// The hash of a grid of elements from the whole matrix, or of the same grid of its transpose: enough to tell
// which matrices are worth comparing, at a cost that does not grow with them.
std::uint64_t sample_hash(const Tensor& tensor, bool transposed) {
  constexpr std::size_t kLines = 16;
  const std::size_t width = ir::bits_of(tensor.dtype()) / 8;
  const auto rows = static_cast<std::size_t>(tensor.shape()[0]);
  const auto columns = static_cast<std::size_t>(tensor.shape()[1]);
  std::vector<std::byte> sample;
  for (std::size_t i = 0; i < kLines; ++i) {
    for (std::size_t j = 0; j < kLines; ++j) {
      const std::size_t row = (transposed ? j : i) * (rows - 1) / (kLines - 1);
      const std::size_t column = (transposed ? i : j) * (columns - 1) / (kLines - 1);
      const auto element = tensor.bytes().subspan((row * columns + column) * width, width);
      sample.insert(sample.end(), element.begin(), element.end());
    }
  }
  tensor.buffer().release();
  return XXH3_64bits(sample.data(), sample.size());
}

bool is_transpose(const Tensor& a, const Tensor& b) {
  bool equal = true;
  each_transposed_row(a, [&](std::size_t index, std::span<const std::byte> row) {
    equal = std::memcmp(b.bytes().data() + index * row.size(), row.data(), row.size()) == 0;
    return equal;
  });
  a.buffer().release();
  b.buffer().release();
  return equal;
}

// Why a reader of the constant cannot read its transpose, or nullopt.
std::optional<std::string> refusal(const ir::Model& model, ir::GraphId graph_id, ValueId id) {
  const Graph& graph = model.graph(graph_id);
  for (const NodeId reader : graph.value(id).readers) {
    const Node& node = graph.node(reader);
    if (node.is("Gemm") && node.input(2) != id) continue;
    if (!node.is("MatMul") || node.input(1) != id || node.input(0) == id)
      return graph.describe(reader) + " reads it as it is";
    const auto other = shape_at(model, {graph_id, node.input(0)});
    const ir::DType type = graph.value(id).constant->dtype;
    const bool gemm_takes =
        type == ir::DType::float32 || type == ir::DType::float64 || type == ir::DType::float16;
    if (!other || other->size() != 2 || !gemm_takes || model.opset() < 11)
      return graph.describe(reader) + " cannot become a Gemm";
  }
  return std::nullopt;
}

void read_transposed(ir::Model& model, ir::GraphId graph_id, ValueId from, ValueId to) {
  const Graph& graph = model.graph(graph_id);
  ir::Rewriter edit(model, graph_id);
  const std::vector<NodeId> uses = graph.value(from).readers;
  for (const NodeId reader : std::set<NodeId>(uses.begin(), uses.end())) {
    const Node& node = graph.node(reader);
    ir::Attributes attributes = node.attributes;
    for (const auto& [input, name] : {std::pair{0U, "transA"}, std::pair{1U, "transB"}}) {
      if (node.input(input) != from) continue;
      const bool turned = node.attribute<std::int64_t>(name, 0) != 0;
      std::erase_if(attributes, [&](const auto& attribute) { return attribute.first == name; });
      if (!turned) attributes.emplace_back(name, std::int64_t{1});
    }
    edit.set_operator(reader, "Gemm", std::move(attributes));
  }
  edit.replace_reads(from, to);
  edit.remove_constant(from);
}

}  // namespace

Result<Outcome> MergeTransposedConstants::run(ir::Model& model, PassContext& context) {
  Outcome outcome;
  std::uint64_t bytes = 0;
  for (const ir::GraphId graph_id : model.graphs()) {
    const Graph& graph = model.graph(graph_id);
    using Kind = std::tuple<ir::DType, std::int64_t, std::int64_t>;
    std::map<Kind, std::vector<ValueId>> by_kind;
    std::set<ValueId> gone;
    for (const ValueId id : graph.values()) {
      if (const Tensor* tensor = matrix(graph, id))
        by_kind[{tensor->dtype(), tensor->shape()[0], tensor->shape()[1]}].push_back(id);
    }
    for (const auto& [kind, candidates] : by_kind) {
      const auto& [dtype, rows, columns] = kind;
      const auto others = by_kind.find({dtype, columns, rows});
      if (others == by_kind.end() || (rows == columns && candidates.size() < 2)) continue;
      std::map<std::uint64_t, ValueId> kept;  // by the hash of their samples
      for (const ValueId id : others->second) {
        if (gone.contains(id)) continue;
        kept.try_emplace(sample_hash(*matrix(graph, id), false), id);
      }
      for (const ValueId id : candidates) {
        PITH_CHECK_OK(context.keep_going());
        if (gone.contains(id)) continue;
        const auto found = kept.find(sample_hash(*matrix(graph, id), true));
        if (found == kept.end() || found->second == id || gone.contains(found->second)) continue;
        if (!is_transpose(*matrix(graph, id), *matrix(graph, found->second))) continue;
        if (auto why = refusal(model, graph_id, id)) {
          // The other one may be able to go, in its turn; a pair is recorded once.
          if (id < found->second && refusal(model, graph_id, found->second)) {
            context.skipped_tensor(
                graph.value(id).name,
                "is the transpose of '" + graph.value(found->second).name + "', but " + *why);
          }
          continue;
        }
        bytes += matrix(graph, id)->bytes().size();
        read_transposed(model, graph_id, id, found->second);
        gone.insert(id);
        ++outcome.changes;
      }
    }
  }
  outcome.statistics = {{"bytes", static_cast<double>(bytes)}};
  return outcome;
}

}  // namespace pith::passes
