// Makes the readers of equal constants share one.
//
//   before   y = Add(x, a[64])    z = Mul(y, b[64])    a and b equal bit for bit
//   after    y = Add(x, a[64])    z = Mul(y, a[64])
//   where    equal means the same type, shape, form and bytes: 0.0 differs from -0.0, a NaN equals itself
//
// The first of equal constants in order of creation stays. A subgraph captures the one of the graph around
// it; of equal constants in graphs beside each other one moves to the innermost graph around both. A constant
// that is a graph input (a caller may override it) or the output of a graph (it keeps its name, and a
// subgraph returns only what is its own) is left alone.

#include "passes/merge_equal_constants.h"

#include <xxhash.h>

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "ir/overloaded.h"
#include "ir/rewriter.h"
#include "passes/places.h"

namespace pith::passes {
namespace {

using ir::Graph, ir::Value, ir::ValueId;

class Hasher {
 public:
  Hasher() { XXH3_64bits_reset(&state_); }

  void add(std::span<const std::byte> bytes) { XXH3_64bits_update(&state_, bytes.data(), bytes.size()); }
  [[nodiscard]] std::uint64_t digest() const { return XXH3_64bits_digest(&state_); }

 private:
  XXH3_state_t state_;
};

std::uint64_t hash(const ir::Constant& constant, void (*add)(Hasher&, const ir::Tensor&)) {
  Hasher hasher;
  hasher.add(std::as_bytes(std::span(&constant.dtype, 1)));
  hasher.add(std::as_bytes(std::span(constant.shape)));
  std::visit(ir::Overloaded{[&](const ir::Dense& form) { add(hasher, form.tensor); },
                            [&](const ir::Sparse& form) {
                              add(hasher, form.indices);
                              add(hasher, form.values);
                            },
                            [&](const ir::Affine& form) {
                              add(hasher, form.codes);
                              add(hasher, form.scales);
                            },
                            [&](const ir::Codebook& form) {
                              add(hasher, form.centroids);
                              add(hasher, form.indices);
                            }},
             constant.form);
  ir::release(constant);  // also after a look at the ends: a system may map 2 MiB for each
  return hasher.digest();
}

// Both are equal for constants that are same_bits(); what they leave out only makes more candidates to
// compare. A look at the ends of a tensor tells nearly all apart, at a cost that does not grow with it.
std::uint64_t hash_of_ends(const ir::Constant& constant) {
  return hash(constant, [](Hasher& hasher, const ir::Tensor& tensor) {
    constexpr std::size_t kEnd = 128;
    const auto bytes = tensor.bytes();
    if (bytes.size() <= 2 * kEnd) return hasher.add(bytes);
    hasher.add(bytes.first(kEnd));
    hasher.add(bytes.last(kEnd));
  });
}

std::uint64_t hash_of_all(const ir::Constant& constant) {
  return hash(constant, [](Hasher& hasher, const ir::Tensor& tensor) { hasher.add(tensor.bytes()); });
}

// The constants seen so far, findable by their bits.
class Seen {
 public:
  explicit Seen(const ir::Model& model) : model_(model) {}

  // Where an equal constant is; nullptr when there is none, then this one is added. The caller may change
  // where it is.
  Place* find_or_add(Place place) {
    Group& group = groups_[hash_of_ends(at(place))];
    if (!group.first && group.others.empty()) {
      group.first = place;
      return nullptr;
    }
    if (group.first) {
      const Place first = *std::exchange(group.first, std::nullopt);
      group.others[hash_of_all(at(first))].push_back(first);
    }
    std::vector<Place>& candidates = group.others[hash_of_all(at(place))];
    for (Place& candidate : candidates) {
      if (ir::same_bits(at(candidate), at(place))) return &candidate;
    }
    candidates.push_back(place);
    return nullptr;
  }

 private:
  // Constants of equal ends. One alone need not be read.
  struct Group {
    std::optional<Place> first;
    std::unordered_map<std::uint64_t, std::vector<Place>> others;  // by all of their bytes
  };

  [[nodiscard]] const ir::Constant& at(Place place) const {
    return *model_.graph(place.graph).value(place.value).constant;
  }

  const ir::Model& model_;
  std::unordered_map<std::uint64_t, Group> groups_;
};

// The innermost graph that is or encloses both. Graphs nest no deeper than the importer allows.
ir::GraphId around_both(const ir::Model& model, ir::GraphId a, ir::GraphId b) {
  std::vector<ir::GraphId> around_a;
  for (; a != ir::kNoGraph; a = model.graph(a).parent()) around_a.push_back(a);
  while (std::ranges::find(around_a, b) == around_a.end()) b = model.graph(b).parent();
  return b;
}

// What reads the constant reads the other one, and the constant goes.
void replace(ir::Model& model, Place place, Place by) {
  ir::Rewriter edit(model, place.graph);
  if (!model.graph(place.graph).value(place.value).readers.empty())
    edit.replace_reads(place.value, seen_from(model, place.graph, by));
  edit.remove_constant(place.value);
}

// One constant instead of both, in the innermost graph around them, where `first` then is.
void merge(ir::Model& model, Place& first, Place second) {
  const ir::GraphId common = around_both(model, first.graph, second.graph);
  if (common != first.graph) {
    const Value& value = model.graph(first.graph).value(first.value);
    ir::Rewriter edit(model, common);
    const Place moved{common, edit.add_constant(value.name, *value.constant)};
    replace(model, first, moved);
    first = moved;
  }
  replace(model, second, first);
}

}  // namespace

Result<Outcome> MergeEqualConstants::run(ir::Model& model, PassContext& context) {
  Outcome outcome;
  std::uint64_t bytes = 0;
  Seen seen(model);
  std::vector<Place> bound;  // graph inputs and outputs, looked at last: nothing may be replaced by them
  for (const ir::GraphId graph_id : model.graphs()) {
    const Graph& graph = model.graph(graph_id);
    for (const ValueId id : graph.values()) {
      const Value& value = graph.value(id);
      if (value.constant == nullptr) continue;
      PITH_CHECK_OK(context.keep_going());
      if (value.is_input || value.output_uses > 0) {
        bound.push_back({graph_id, id});
        continue;
      }
      Place* first = seen.find_or_add({graph_id, id});
      if (first == nullptr) continue;
      bytes += ir::stored_bytes(*value.constant);
      merge(model, *first, {graph_id, id});
      ++outcome.changes;
    }
  }
  for (const Place place : bound) {
    const Place* first = seen.find_or_add(place);
    if (first == nullptr) continue;
    const Value& value = model.graph(place.graph).value(place.value);
    context.skipped_tensor(value.name, "equals '" + model.graph(first->graph).value(first->value).name +
                                           "', but is a graph " +
                                           (value.is_input ? "input that a caller may override" : "output"));
  }
  outcome.statistics = {{"bytes", static_cast<double>(bytes)}};
  return outcome;
}

}  // namespace pith::passes
