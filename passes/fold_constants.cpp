// Computes what does not depend on any input.
//
//   before   s = Shape(x)    n = Gather(s, 0)    t = Concat(n, -1)    y = Reshape(x, t)
//   after    y = Reshape(x, t)                    with x float [2,3,4] and t = {2, -1}
//
// In rounds: nodes whose inputs are all known are run together in one small model by the runtime, with its
// optimisations off, so the values are those that the model would compute. Shape, and Gather and Slice of a
// Shape, are told from declared types, without the runtime. A constant that a subgraph captures is known
// there.
//
// Nothing is run whose result was not measured first (fold/result_size.cpp): operators outside of a list of
// deterministic ones, results larger than all inputs together (64 KiB are always allowed) and long products
// are left alone, so that a small file cannot ask for much. What was computed is then stored only where it
// takes no more room than what it frees (fold/growth.cpp): a weight is transposed in place, but not widened
// from half precision, and of a weight that others read no slice is stored beside it.
//
// The values are the same bits. What reads them may round otherwise: runtimes prepare a constant operand of
// MatMul once and then multiply with another kernel.
//
// Left alone with a reason: operators that are not on the list (random ones, DequantizeLinear, nodes with
// subgraphs), compressed constants, nodes with several results, strings.

#include "passes/fold_constants.h"

#include <fmt/core.h>
#include <xxhash.h>

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>

#include "ir/rewriter.h"
#include "passes/fold/evaluate.h"
#include "passes/fold/file_bytes.h"
#include "passes/fold/growth.h"
#include "passes/fold/known_shape.h"
#include "passes/fold/result_size.h"
#include "passes/places.h"

namespace pith::passes {
namespace {

using ir::Graph, ir::Node, ir::Tensor, ir::ValueId;

// A result may be this large whatever its inputs are; it may be an intermediate one.
constexpr std::uint64_t kAlwaysComputed = 64U << 10U;

// A known value: a constant of the model, or the result of a node.
struct Known {
  Place place;
  Tensor tensor;
  std::optional<NodePlace> node;
  std::vector<std::size_t> inputs;
};

// Finds equal results; the bits are compared, the hash only finds candidates.
class Contents {
 public:
  std::size_t id_of(const Tensor& tensor, std::size_t index, const std::deque<Known>& known) {
    auto& candidates = by_hash_[XXH3_64bits(tensor.bytes().data(), tensor.bytes().size())];
    for (const std::size_t candidate : candidates) {
      if (known[candidate].tensor.same_bits(tensor)) return candidate;
    }
    candidates.push_back(index);
    return index;
  }

 private:
  std::unordered_map<std::uint64_t, std::vector<std::size_t>> by_hash_;
};

class Folder {
 public:
  Folder(ir::Model& model, PassContext& context, const FoldConstants::Options& options,
         std::string& unavailable)
      : model_(model),
        context_(context),
        options_(options),
        unavailable_(unavailable),
        budget_(static_cast<std::uint64_t>(options.max_megabytes) << 20U),
        uses_(collect_uses(model)) {}

  // True when some results were computed and not stored although others were: the next round may store them.
  Result<bool> run(Outcome& outcome, std::vector<std::pair<NodePlace, std::string>>& declined) {
    PITH_CHECK_OK(compute());
    const bool changed = store(outcome);
    declined = std::move(declined_);
    return changed && kept_back_;
  }

 private:
  // The value of an input, if it is known.
  std::optional<std::size_t> find(Place place) {
    const auto found = by_place_.find(place);
    if (found != by_place_.end()) return found->second;
    const ir::Constant* constant = constant_at(model_, place);
    if (constant == nullptr) return std::nullopt;
    const auto* dense = std::get_if<ir::Dense>(&constant->form);
    if (dense == nullptr) return std::nullopt;
    return add({place, dense->tensor, std::nullopt, {}});
  }

  std::size_t add(Known known) {
    const std::size_t index = known_.size();
    by_place_[known.place] = index;
    known_.push_back(std::move(known));
    return index;
  }

  void decline(NodePlace place, std::string reason) { declined_.emplace_back(place, std::move(reason)); }

  // How many inputs of a node are not known yet, each use counted; and whether any is there at all.
  std::size_t unknown_inputs(NodePlace place, bool& any) {
    std::size_t unknown = 0;
    for (const ValueId input : model_.graph(place.graph).node(place.node).inputs) {
      if (input == ir::kNoValue) continue;
      any = true;
      if (!find(source_of(model_, {place.graph, input}))) ++unknown;
    }
    return unknown;
  }

  void learn(NodePlace node, Tensor tensor, std::vector<std::size_t> inputs) {
    const Place place{node.graph, model_.graph(node.graph).node(node.node).outputs[0]};
    add({place, std::move(tensor), node, std::move(inputs)});
    const auto uses = uses_.find(place);
    if (uses == uses_.end()) return;
    for (const NodePlace reader : uses->second.readers) {
      const auto waiting = waiting_.find(reader);
      if (waiting != waiting_.end() && --waiting->second == 0) ready_.push_back(reader);
    }
  }

  Result<void> compute() {
    std::vector<std::pair<NodePlace, Tensor>> shapes;
    for (const ir::GraphId graph_id : model_.graphs()) {
      const Graph& graph = model_.graph(graph_id);
      for (const ir::NodeId id : graph.nodes()) {
        const Node& node = graph.node(id);
        if (!node.domain.empty() || !node.subgraphs().empty()) continue;
        const NodePlace place{graph_id, id};
        if (node.outputs.size() == 1 && node.has_output(0)) {
          if (auto tensor = fold::known_shape(model_, graph_id, id)) {
            shapes.emplace_back(place, *std::move(tensor));
            continue;
          }
        }
        bool any = false;
        const std::size_t unknown = unknown_inputs(place, any);
        if (!any) continue;
        waiting_[place] = unknown;
        if (unknown == 0) ready_.push_back(place);
      }
    }
    for (auto& [place, tensor] : shapes) learn(place, std::move(tensor), {});
    while (!ready_.empty()) {
      PITH_CHECK_OK(context_.keep_going());
      PITH_CHECK_OK(compute_round(std::exchange(ready_, {})));
    }
    return {};
  }

  // The inputs of a node that may be run, or nullopt with its reason recorded.
  std::optional<std::vector<std::size_t>> admit(NodePlace place, std::vector<const Tensor*>& tensors) {
    const Graph& graph = model_.graph(place.graph);
    const Node& node = graph.node(place.node);
    const auto refused = [&](std::string reason) {
      decline(place, std::move(reason));
      return std::nullopt;
    };
    if (!fold::is_foldable(node)) return refused(node.op_type + " is not folded");
    if (node.outputs.size() != 1 || !node.has_output(0)) return refused("it has no result, or several");
    // A runtime has another kernel for matrices W and R that are constant, and the recurrence amplifies how
    // that one rounds.
    const ValueId result = node.outputs.front();
    const auto recurrent = [&](ir::NodeId reader) {
      const Node& found = graph.node(reader);
      return (found.is("LSTM") || found.is("GRU") || found.is("RNN")) &&
             (found.input(1) == result || found.input(2) == result);
    };
    if (std::ranges::any_of(graph.value(result).readers, recurrent))
      return refused("a recurrent operator reads it, and its results would change");
    std::vector<std::size_t> inputs;
    std::uint64_t input_bytes = 0;
    for (const ValueId input : node.inputs) {
      if (input == ir::kNoValue) {
        tensors.push_back(nullptr);
        continue;
      }
      inputs.push_back(find(source_of(model_, {place.graph, input})).value());
      Tensor& tensor = known_[inputs.back()].tensor;
      tensor = tensor.aligned();  // weights stay where they lie in a file until something computes with them
      tensors.push_back(&tensor);
      input_bytes += tensor.bytes().size();
    }
    const auto bytes = fold::result_bytes(node, tensors, model_.opset());
    if (!bytes) return refused(bytes.error());
    if (*bytes > std::max(input_bytes, kAlwaysComputed))
      return refused(fmt::format("its result would have {} bytes, its inputs have {}", *bytes, input_bytes));
    if (*bytes > budget_) return refused("more would be computed than max_megabytes allows");
    budget_ -= *bytes;
    return inputs;
  }

  Result<void> compute_round(const std::vector<NodePlace>& ready) {
    std::vector<NodePlace> places;
    std::vector<std::vector<std::size_t>> inputs;
    std::vector<fold::Task> tasks;
    for (const NodePlace place : ready) {
      fold::Task task{&model_.graph(place.graph).node(place.node), {}};
      auto admitted = admit(place, task.inputs);
      if (!admitted) continue;
      places.push_back(place);
      inputs.push_back(*std::move(admitted));
      tasks.push_back(std::move(task));
    }
    if (tasks.empty()) return {};
    if (context_.runner == nullptr) unavailable_ = "there is nothing to compute with";
    if (!unavailable_.empty()) return {};
    auto values = fold::evaluate(*context_.runner, model_, tasks);
    if (!values) {
      unavailable_ = values.error().message();
      return {};
    }
    for (std::size_t i = 0; i < places.size(); ++i) {
      if ((*values)[i])
        learn(places[i], *std::move((*values)[i]), std::move(inputs[i]));
      else
        decline(places[i], (*values)[i].error());
    }
    return {};
  }

  std::vector<fold::Piece> pieces() const {
    Contents contents;
    std::set<NodePlace> computed;
    for (const Known& known : known_) {
      if (known.node) computed.insert(*known.node);
    }
    std::vector<fold::Piece> pieces;
    for (std::size_t i = 0; i < known_.size(); ++i) {
      const Known& known = known_[i];
      fold::Piece piece;
      piece.bytes = fold::element_bytes(known.tensor);
      const Graph& graph = model_.graph(known.place.graph);
      piece.overhead = fold::constant_overhead(graph.value(known.place.value), known.tensor.shape().size());
      if (known.node) piece.node_bytes = fold::node_bytes(graph, graph.node(known.node->node));
      piece.is_result = known.node.has_value();
      piece.content = piece.is_result ? contents.id_of(known.tensor, i, known_) : i;
      piece.inputs = known.inputs;
      const auto uses = uses_.find(known.place);
      if (uses != uses_.end()) {
        piece.needed = uses->second.is_output ||
                       std::ranges::any_of(uses->second.readers,
                                           [&](NodePlace reader) { return !computed.contains(reader); });
      }
      // Shape reads a value whatever becomes of its result.
      pieces.push_back(std::move(piece));
    }
    return pieces;
  }

  bool store(Outcome& outcome) {
    const auto goes = fold::worth_folding(pieces(), static_cast<std::uint64_t>(options_.max_growth));
    std::uint64_t stored = 0;
    std::uint64_t freed = 0;
    std::size_t changes = 0;
    // Readers before what they read, so that a result without readers can simply be removed.
    for (std::size_t i = known_.size(); i-- > 0;) {
      Known& known = known_[i];
      if (!known.node) continue;
      if (!goes[i]) {
        kept_back_ = true;
        decline(*known.node, fmt::format("its result of {} bytes would take more room than it frees",
                                         known.tensor.bytes().size()));
        continue;
      }
      ir::Rewriter edit(model_, known.place.graph);
      if (!model_.graph(known.place.graph).is_used(known.place.value)) {
        edit.remove_node(known.node->node);
      } else {
        stored += known.tensor.bytes().size();
        edit.fold(known.node->node, ir::Constant::dense(known.tensor));
      }
      ++changes;
    }
    for (const Known& known : known_) {
      if (known.node) continue;
      const Graph& graph = model_.graph(known.place.graph);
      if (graph.is_used(known.place.value) || graph.value(known.place.value).is_input) continue;
      freed += known.tensor.bytes().size();
      ir::Rewriter(model_, known.place.graph).remove_constant(known.place.value);
    }
    outcome.changes += changes;
    outcome.statistics[0].second += static_cast<double>(stored);
    outcome.statistics[1].second += static_cast<double>(freed);
    return changes > 0;
  }

  ir::Model& model_;
  PassContext& context_;
  const FoldConstants::Options& options_;
  std::string& unavailable_;
  std::uint64_t budget_;
  std::map<Place, Uses> uses_;
  std::deque<Known> known_;  // results after what they are computed from; references stay valid
  std::map<Place, std::size_t> by_place_;
  std::map<NodePlace, std::size_t> waiting_;  // inputs that are not known yet
  std::vector<NodePlace> ready_;
  std::vector<std::pair<NodePlace, std::string>> declined_;
  bool kept_back_ = false;
};

}  // namespace

Result<Outcome> FoldConstants::run(ir::Model& model, PassContext& context) {
  Outcome outcome;
  outcome.statistics = {{"stored", 0}, {"freed", 0}};
  std::string unavailable;
  std::vector<std::pair<NodePlace, std::string>> declined;
  for (bool again = true; again;) {
    PITH_TRY(again, Folder(model, context, options_, unavailable).run(outcome, declined));
  }
  std::ranges::sort(declined);
  for (auto& [place, reason] : declined)
    context.skipped(model.graph(place.graph), place.node, std::move(reason));
  if (!unavailable.empty()) context.skipped_model("constants are not folded: " + unavailable);
  return outcome;
}

}  // namespace pith::passes
