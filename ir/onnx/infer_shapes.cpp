#include "ir/onnx/infer_shapes.h"

#include <fmt/core.h>
#include <onnx/defs/schema.h>
#include <onnx/shape_inference/implementation.h>

#include <algorithm>
#include <limits>
#include <unordered_set>

#include "ir/onnx/attributes.h"
#include "ir/onnx/functions.h"
#include "ir/onnx/inference_contexts.h"
#include "ir/onnx/tensors.h"

namespace pith::ir::onnx {
namespace {

constexpr int kHighestRank = 64;
constexpr std::size_t kLongestSymbol = 256;
constexpr std::uint64_t kMostTypeBytes = std::uint64_t{256} << 20;
// Calls of functions are followed for this many visits a node of the file, but for some in any case.
constexpr std::uint64_t kVisitsPerNode = 64;
constexpr std::uint64_t kLeastVisits = 10'000;
constexpr std::size_t kMostNotes = 100;

using Types = std::vector<const proto::TypeProto*>;
using DimProto = proto::TensorShapeProto::Dimension;

// Takes away what a type of a hostile file could blow up: negative dimensions, high ranks, long symbols.
void make_harmless(proto::TypeProto& type) {
  if (!type.has_tensor_type()) return;
  auto& tensor = *type.mutable_tensor_type();
  if (tensor.shape().dim_size() > kHighestRank) tensor.clear_shape();
  if (!tensor.has_shape()) return;
  for (auto& dim : *tensor.mutable_shape()->mutable_dim()) {
    dim.clear_denotation();
    if (dim.has_dim_value() && dim.dim_value() < 0) dim.Clear();
    if (dim.has_dim_param() && (dim.dim_param().empty() || dim.dim_param().size() > kLongestSymbol))
      dim.Clear();
  }
}

// Adds what `inferred` knows to `known`, whose own numbers and rank stay while a symbol gives way to a
// number; false when the two contradict.
bool refine(proto::TypeProto& known, const proto::TypeProto& inferred) {
  if (inferred.value_case() == proto::TypeProto::VALUE_NOT_SET) return true;
  if (known.value_case() == proto::TypeProto::VALUE_NOT_SET) {
    known = inferred;
    return true;
  }
  if (known.value_case() != inferred.value_case()) return false;
  if (!known.has_tensor_type()) return true;
  auto& tensor = *known.mutable_tensor_type();
  const auto& other = inferred.tensor_type();
  if (tensor.elem_type() == proto::TensorProto::UNDEFINED) tensor.set_elem_type(other.elem_type());
  if (other.elem_type() != proto::TensorProto::UNDEFINED && other.elem_type() != tensor.elem_type())
    return false;
  if (!other.has_shape()) return true;
  if (!tensor.has_shape()) {
    *tensor.mutable_shape() = other.shape();
    return true;
  }
  if (tensor.shape().dim_size() != other.shape().dim_size()) return false;
  bool agrees = true;
  for (int i = 0; i < other.shape().dim_size(); ++i) {
    DimProto& dim = *tensor.mutable_shape()->mutable_dim(i);
    const DimProto& candidate = other.shape().dim(i);
    if (dim.has_dim_value()) {
      agrees = agrees && (!candidate.has_dim_value() || candidate.dim_value() == dim.dim_value());
    } else if (candidate.has_dim_value() || !dim.has_dim_param()) {
      dim = candidate;
    }
  }
  return agrees;
}

bool is_fully_known(const proto::TypeProto& type) {
  return type.has_tensor_type() && type.tensor_type().has_shape() &&
         std::ranges::all_of(type.tensor_type().shape().dim(),
                             [](const DimProto& dim) { return dim.has_dim_value(); });
}

proto::TypeProto type_message(const ValueType& type) {
  proto::ValueInfoProto message;
  put_type(type, message);
  return message.type();
}

proto::TypeProto declared_type(const Value& value) {
  if (!value.declared) return {};
  proto::ValueInfoProto message;
  PITH_ASSERT(message.ParsePartialFromString(value.carried), "a carried message that was changed");
  put_type(value.type, message);
  proto::TypeProto type = std::move(*message.mutable_type());
  make_harmless(type);
  return type;
}

proto::TypeProto constant_type(const Constant& constant) {
  proto::TypeProto type;
  auto* tensor = type.mutable_tensor_type();
  tensor->set_elem_type(static_cast<std::int32_t>(constant.dtype));
  tensor->mutable_shape();
  for (const std::int64_t dim : constant.shape) tensor->mutable_shape()->add_dim()->set_dim_value(dim);
  return type;
}

}  // namespace

class TypeInference {
 public:
  TypeInference(const Model& model, const InferOptions& options, const FunctionTable& functions)
      : model_(model), options_(options), functions_(functions) {
    for (const auto& [domain, version] : model.opsets)
      opsets_[domain] = static_cast<int>(std::min<std::int64_t>(version, std::numeric_limits<int>::max()));
    std::uint64_t nodes = functions.nodes();
    for (const GraphId graph : model.graphs()) {
      nodes += model.graph(graph).nodes().size();
      for (const ValueId id : model.graph(graph).values()) {
        if (const auto& shape = model.graph(graph).value(id).type.shape) collect_symbols(*shape);
      }
    }
    most_visits_ = std::max(kLeastVisits, kVisitsPerNode * nodes);
  }

  InferredTypes run() {
    infer_graph(kMainGraph, nullptr, {});
    for (const GraphId id : model_.graphs()) {
      const auto scope = scopes_.find(id);
      if (scope == scopes_.end()) continue;
      for (const ValueId value : model_.graph(id).values()) {
        const proto::TypeProto* type = scope->second.type(value);
        if (type == nullptr || !type->has_tensor_type()) continue;
        proto::ValueInfoProto message;
        *message.mutable_type() = *type;
        message.mutable_type()->clear_denotation();
        if (ValueType taken = take_type(message); taken != ValueType{})
          result_.types_[id].emplace(value, std::move(taken));
      }
    }
    return std::move(result_);
  }

 private:
  void collect_symbols(const std::vector<Dim>& shape) {
    for (const Dim& dim : shape) {
      const auto* symbol = std::get_if<std::string>(&dim);
      if (symbol != nullptr && symbol->starts_with("unk__")) symbols_.insert(*symbol);
    }
  }

  void note(std::string text) {
    if (result_.notes_.size() < kMostNotes) result_.notes_.push_back(std::move(text));
  }

  // The types of the graph's outputs; a graph is inferred once, later calls get what the first one found.
  Types infer_graph(GraphId id, InferenceScope* outer, const Types& inputs) {
    const Graph& graph = model_.graph(id);
    if (!inputs.empty() && inputs.size() != graph.inputs().size())
      throw proto::InferenceError(
          fmt::format("the subgraph takes {} inputs, not {}", graph.inputs().size(), inputs.size()));
    const auto [found, is_new] = scopes_.try_emplace(id, graph, outer);
    InferenceScope& scope = found->second;
    if (is_new) {
      for (const ValueId value : graph.values()) {
        const Constant* constant = graph.constant(value);
        proto::TypeProto type =
            constant != nullptr ? constant_type(*constant) : declared_type(graph.value(value));
        if (type.value_case() != proto::TypeProto::VALUE_NOT_SET) keep(scope, id, value, std::move(type));
      }
      for (std::size_t i = 0; i < graph.inputs().size(); ++i) {
        const bool is_given = i < inputs.size() && inputs[i] != nullptr;
        update(scope, id, graph.inputs()[i], is_given ? *inputs[i] : proto::TypeProto(),
               fmt::format("graph '{}'", graph.name()));
      }
      for (const NodeId node : graph.nodes()) infer_node(scope, id, node);
      for (const ValueId output : graph.outputs()) {
        const auto* type = scope.type(output);
        scope.outputs.push_back(type == nullptr ? proto::TypeProto() : *type);
      }
    }
    Types outputs;
    for (const auto& type : scope.outputs) outputs.push_back(&type);
    return outputs;
  }

  void keep(InferenceScope& scope, GraphId graph, ValueId id, proto::TypeProto type) {
    if (options_.observed && !is_fully_known(type)) {
      if (const ValueType* observed = options_.observed(graph, id)) refine(type, type_message(*observed));
    }
    make_harmless(type);
    bytes_ += type.SpaceUsedLong();
    scope.types.insert_or_assign(id, std::move(type));
  }

  // Adds what was inferred to what is declared, and gives each unknown dimension a symbol of its own.
  void update(InferenceScope& scope, GraphId graph, ValueId id, proto::TypeProto inferred,
              const std::string& where) {
    make_harmless(inferred);
    proto::TypeProto type;
    if (const auto known = scope.types.find(id); known != scope.types.end()) type = known->second;
    if (!refine(type, inferred)) {
      note(fmt::format("{}: the declared type of '{}' contradicts the inferred one", where,
                       scope.graph().value(id).name));
    }
    if (type.has_tensor_type() && type.tensor_type().has_shape()) {
      for (auto& dim : *type.mutable_tensor_type()->mutable_shape()->mutable_dim()) {
        if (!dim.has_dim_value() && !dim.has_dim_param()) dim.set_dim_param(new_symbol());
      }
    }
    if (type.value_case() != proto::TypeProto::VALUE_NOT_SET) keep(scope, graph, id, std::move(type));
  }

  std::string new_symbol() {
    std::string symbol;
    do {
      symbol = fmt::format("unk__{}", next_symbol_++);
    } while (symbols_.contains(symbol));
    return symbol;
  }

  void infer_node(InferenceScope& scope, GraphId graph, NodeId id) {
    if (bytes_ > kMostTypeBytes) {
      if (!std::exchange(is_full_, true))
        note("the types of the model take more than 256 MiB; the rest is left out");
      return;
    }
    const Node& node = scope.graph().node(id);
    const InferSubgraph infer_subgraph = [&](GraphId subgraph, const Types& inputs) {
      return infer_graph(subgraph, &scope, inputs);
    };
    try {
      apply(node, scope, graph, infer_subgraph, scope.graph().describe(id));
    } catch (const InternalError&) {
      throw;
    } catch (const std::runtime_error& error) {
      note_failure(scope, id, error.what());
    } catch (const std::logic_error& error) {
      note_failure(scope, id, error.what());
    }
    // Those that the operator's own inference did not come to.
    for (const GraphId subgraph : node.subgraphs()) infer_graph(subgraph, &scope, {});
  }

  // A node after one that ONNX does not know cannot be inferred either; that is no news.
  void note_failure(InferenceScope& scope, NodeId id, std::string_view what) {
    for (const ValueId input : scope.graph().node(id).inputs) {
      if (input != kNoValue && scope.type(input) == nullptr) return;
    }
    note(fmt::format("{}: {}", scope.graph().describe(id), what.substr(0, what.find('\n'))));
  }

  void apply(const Node& node, InferenceScope& scope, GraphId graph, const InferSubgraph& infer_subgraph,
             const std::string& where) {
    const auto* schema = find_schema(node);
    const auto* function = schema == nullptr ? find_function(node) : schema->GetFunction();
    if (schema == nullptr && function == nullptr) return;
    const proto::NodeProto message = message_of(node);
    NodeContext context(node, message, scope, infer_subgraph);
    if (schema != nullptr) schema->Verify(message);
    if (schema != nullptr && schema->has_type_and_shape_inference_function()) {
      schema->GetTypeAndShapeInferenceFunction()(context);
    } else if (function != nullptr) {
      proto::shape_inference::InferShapeForFunctionNode(*function, proto::OpSchemaRegistry::Instance(),
                                                        context, proto::ShapeInferenceOptions(),
                                                        functions_.by_id());
    }
    for (std::size_t i = 0; i < node.outputs.size(); ++i) {
      if (node.has_output(i))
        update(scope, graph, node.outputs[i], std::move(*context.getOutputType(i)), where);
    }
    if (schema != nullptr && schema->has_data_propagation_function()) {
      NumbersContext numbers(node, message, scope);
      schema->GetDataPropagationFunction()(numbers);
    }
  }

  [[nodiscard]] const proto::OpSchema* find_schema(const Node& node) const {
    const auto version = opsets_.find(node.domain);
    // Files of the first IR versions import no operator set and mean the first.
    if (version == opsets_.end() && !node.domain.empty()) return nullptr;
    return proto::OpSchemaRegistry::Schema(node.op_type, version == opsets_.end() ? 1 : version->second,
                                           node.domain);
  }

  // The function of the model that the node calls; nullptr when there is none, or when following it would
  // take too long. ONNX copies the table of functions at each call.
  const proto::FunctionProto* find_function(const Node& node) {
    if (functions_.by_id().empty()) return nullptr;
    proto::NodeProto carried;
    PITH_ASSERT(carried.ParsePartialFromString(node.carried), "a carried message that was changed");
    const auto* function = functions_.find(node.domain, node.op_type, carried.overload());
    if (function == nullptr) return nullptr;
    const std::uint64_t share = 1 + functions_.by_id().size() / 16;
    const std::uint64_t nodes = functions_.expanded_nodes(*function);
    if (nodes > most_visits_ / share || visits_ + nodes * share > most_visits_) {
      note(fmt::format("function '{}' is not followed: its calls expand to {} nodes", node.op_type, nodes));
      return nullptr;
    }
    visits_ += nodes * share;
    return function;
  }

  // The node without the bodies of its subgraphs, with names that only say what is present.
  static proto::NodeProto message_of(const Node& node) {
    proto::NodeProto message;
    message.set_op_type(node.op_type);
    message.set_domain(node.domain);
    for (const ValueId input : node.inputs) message.add_input(input == kNoValue ? "" : "value");
    for (const ValueId output : node.outputs) message.add_output(output == kNoValue ? "" : "value");
    for (const auto& [name, value] : node.attributes) {
      auto* attribute = message.add_attribute();
      attribute->set_name(name);
      put_attribute(value, *attribute, put_tensor, [](GraphId, proto::GraphProto&) {});
    }
    return message;
  }

  const Model& model_;
  const InferOptions& options_;
  const FunctionTable& functions_;
  std::unordered_map<std::string, int> opsets_;
  std::unordered_map<GraphId, InferenceScope> scopes_;
  std::unordered_set<std::string> symbols_;
  std::uint64_t bytes_ = 0;
  bool is_full_ = false;
  std::uint64_t visits_ = 0;
  std::uint64_t most_visits_ = 0;
  std::uint64_t next_symbol_ = 0;
  InferredTypes result_;
};

const ValueType* InferredTypes::find(GraphId graph, ValueId value) const {
  const auto types = types_.find(graph);
  if (types == types_.end()) return nullptr;
  const auto found = types->second.find(value);
  return found == types->second.end() ? nullptr : &found->second;
}

std::optional<Shape> InferredTypes::shape(GraphId graph, ValueId value) const {
  const ValueType* type = find(graph, value);
  if (type == nullptr || !type->shape) return std::nullopt;
  Shape shape;
  for (const Dim& dim : *type->shape) {
    const auto* number = std::get_if<std::int64_t>(&dim);
    if (number == nullptr) return std::nullopt;
    shape.push_back(*number);
  }
  return shape;
}

Result<InferredTypes> infer_types(const Model& model, const InferOptions& options) {
  proto::ModelProto carried;
  PITH_ASSERT(carried.ParsePartialFromString(model.carried), "a carried message that was changed");
  PITH_TRY(const FunctionTable functions, FunctionTable::of(carried));
  return TypeInference(model, options, functions).run();
}

}  // namespace pith::ir::onnx
