// Makes the readers of equal constants share one.
//
//   before   y = Add(x, a[64])    z = Mul(y, b[64])    a and b equal bit for bit
//   after    y = Add(x, a[64])    z = Mul(y, a[64])
//   where    equal means the same type, shape, form and bytes: 0.0 differs from -0.0, a NaN equals itself
//
// The first of equal constants in order of creation stays. Only constants of the same graph are compared.
// A constant that is a graph input (a caller may override it) or a graph output (it keeps its name) is left
// alone.

#include "passes/merge_equal_constants.h"

#include <xxhash.h>

#include <unordered_map>

#include "ir/overloaded.h"
#include "ir/rewriter.h"

namespace pith::passes {
namespace {

using ir::Graph, ir::Value, ir::ValueId;

class Hasher {
 public:
  Hasher() { XXH3_64bits_reset(&state_); }

  void add(std::span<const std::byte> bytes) { XXH3_64bits_update(&state_, bytes.data(), bytes.size()); }
  void add(const ir::Tensor& tensor) { add(tensor.bytes()); }
  [[nodiscard]] std::uint64_t digest() const { return XXH3_64bits_digest(&state_); }

 private:
  XXH3_state_t state_;
};

// Equal for constants that are same_bits(); what it leaves out only makes more candidates to compare.
std::uint64_t hash(const ir::Constant& constant) {
  Hasher hasher;
  hasher.add(std::as_bytes(std::span(&constant.dtype, 1)));
  hasher.add(std::as_bytes(std::span(constant.shape)));
  std::visit(ir::Overloaded{[&](const ir::Dense& form) { hasher.add(form.tensor); },
                            [&](const ir::Sparse& form) {
                              hasher.add(form.indices);
                              hasher.add(form.values);
                            },
                            [&](const ir::Affine& form) {
                              hasher.add(form.codes);
                              hasher.add(form.scales);
                            },
                            [&](const ir::Codebook& form) {
                              hasher.add(form.centroids);
                              hasher.add(form.indices);
                            }},
             constant.form);
  return hasher.digest();
}

// The constants seen so far, findable by their bits.
class Seen {
 public:
  explicit Seen(const Graph& graph) : graph_(graph) {}

  // An equal constant that was added before, else kNoValue and this one is added.
  ValueId find_or_add(ValueId id) {
    const ir::Constant& constant = *graph_.value(id).constant;
    std::vector<ValueId>& candidates = by_hash_[hash(constant)];
    for (const ValueId candidate : candidates) {
      if (ir::same_bits(*graph_.value(candidate).constant, constant)) return candidate;
    }
    candidates.push_back(id);
    return ir::kNoValue;
  }

 private:
  const Graph& graph_;
  std::unordered_map<std::uint64_t, std::vector<ValueId>> by_hash_;
};

}  // namespace

Result<Outcome> MergeEqualConstants::run(ir::Model& model, PassContext& context) {
  Outcome outcome;
  std::uint64_t bytes = 0;
  for (const ir::GraphId graph_id : model.graphs()) {
    const Graph& graph = model.graph(graph_id);
    Seen seen(graph);
    std::vector<ValueId> bound;  // graph inputs and outputs, looked at last: nothing may be replaced by them
    for (const ValueId id : graph.values()) {
      const Value& value = graph.value(id);
      if (value.constant == nullptr) continue;
      PITH_CHECK_OK(context.keep_going());
      if (value.is_input || value.output_uses > 0) {
        bound.push_back(id);
        continue;
      }
      const ValueId first = seen.find_or_add(id);
      if (first == ir::kNoValue) continue;
      bytes += ir::stored_bytes(*value.constant);
      ir::Rewriter edit(model, graph_id);
      edit.replace_reads(id, first);
      edit.remove_constant(id);
      ++outcome.changes;
    }
    for (const ValueId id : bound) {
      const ValueId first = seen.find_or_add(id);
      if (first == ir::kNoValue) continue;
      const Value& value = graph.value(id);
      context.skipped_tensor(value.name,
                             "equals '" + graph.value(first).name + "', but is a graph " +
                                 (value.is_input ? "input that a caller may override" : "output"));
    }
  }
  outcome.statistics = {{"bytes", static_cast<double>(bytes)}};
  return outcome;
}

}  // namespace pith::passes
