#include "ir/onnx/attributes.h"

#include <fmt/core.h>

#include "ir/overloaded.h"

namespace pith::ir::onnx {
namespace {

using Type = proto::AttributeProto::AttributeType;

// Files of the first IR version name no type: the field that is set tells it.
Type type_of(const proto::AttributeProto& m) {
  if (m.type() != proto::AttributeProto::UNDEFINED) return m.type();
  if (m.has_f()) return proto::AttributeProto::FLOAT;
  if (m.has_i()) return proto::AttributeProto::INT;
  if (m.has_s()) return proto::AttributeProto::STRING;
  if (m.has_t()) return proto::AttributeProto::TENSOR;
  if (m.has_g()) return proto::AttributeProto::GRAPH;
  if (m.floats_size() > 0) return proto::AttributeProto::FLOATS;
  if (m.ints_size() > 0) return proto::AttributeProto::INTS;
  if (m.strings_size() > 0) return proto::AttributeProto::STRINGS;
  if (m.tensors_size() > 0) return proto::AttributeProto::TENSORS;
  if (m.graphs_size() > 0) return proto::AttributeProto::GRAPHS;
  return proto::AttributeProto::UNDEFINED;
}

Result<Attribute> carry(proto::AttributeProto& message) {
  // Their tensors were taken apart and would not survive.
  if (message.has_t() || message.has_g() || message.tensors_size() > 0 || message.graphs_size() > 0)
    return fail(ErrorCode::model, "its type does not fit the fields that are set");
  CarriedAttribute carried{serialize(message)};
  message.Clear();
  return Attribute(std::move(carried));
}

}  // namespace

Result<Attribute> take_attribute(proto::AttributeProto& message, TensorData& data,
                                 const ReadGraph& read_graph) {
  if (message.has_ref_attr_name()) return carry(message);
  switch (type_of(message)) {
    case proto::AttributeProto::FLOAT:
      return message.f();
    case proto::AttributeProto::INT:
      return std::int64_t{message.i()};
    case proto::AttributeProto::STRING:
      return std::move(*message.mutable_s());
    case proto::AttributeProto::TENSOR: {
      PITH_TRY(const Tensor tensor, take_tensor(*message.mutable_t(), data));
      return tensor.aligned();
    }
    case proto::AttributeProto::GRAPH:
      return read_graph(*message.mutable_g());
    case proto::AttributeProto::FLOATS:
      return std::vector<float>(message.floats().begin(), message.floats().end());
    case proto::AttributeProto::INTS:
      return std::vector<std::int64_t>(message.ints().begin(), message.ints().end());
    case proto::AttributeProto::STRINGS:
      return std::vector<std::string>(message.strings().begin(), message.strings().end());
    case proto::AttributeProto::TENSORS: {
      std::vector<Tensor> tensors;
      for (auto& one : *message.mutable_tensors()) {
        PITH_TRY(const Tensor tensor, take_tensor(one, data));
        tensors.push_back(tensor.aligned());
      }
      return tensors;
    }
    case proto::AttributeProto::GRAPHS: {
      std::vector<GraphId> graphs;
      for (auto& one : *message.mutable_graphs()) {
        PITH_TRY(const GraphId graph, read_graph(one));
        graphs.push_back(graph);
      }
      return graphs;
    }
    default:
      return carry(message);
  }
}

void put_attribute(const Attribute& attribute, proto::AttributeProto& message,
                   const WriteTensor& write_tensor, const WriteGraph& write_graph) {
  const auto type = [&](Type t) { message.set_type(t); };
  std::visit(Overloaded{[&](std::int64_t v) {
                          type(proto::AttributeProto::INT);
                          message.set_i(v);
                        },
                        [&](float v) {
                          type(proto::AttributeProto::FLOAT);
                          message.set_f(v);
                        },
                        [&](const std::string& v) {
                          type(proto::AttributeProto::STRING);
                          message.set_s(v);
                        },
                        [&](const Tensor& v) {
                          type(proto::AttributeProto::TENSOR);
                          write_tensor(v, *message.mutable_t());
                        },
                        [&](GraphId v) {
                          type(proto::AttributeProto::GRAPH);
                          write_graph(v, *message.mutable_g());
                        },
                        [&](const std::vector<std::int64_t>& v) {
                          type(proto::AttributeProto::INTS);
                          message.mutable_ints()->Add(v.begin(), v.end());
                        },
                        [&](const std::vector<float>& v) {
                          type(proto::AttributeProto::FLOATS);
                          message.mutable_floats()->Add(v.begin(), v.end());
                        },
                        [&](const std::vector<std::string>& v) {
                          type(proto::AttributeProto::STRINGS);
                          for (const std::string& one : v) message.add_strings(one);
                        },
                        [&](const std::vector<Tensor>& v) {
                          type(proto::AttributeProto::TENSORS);
                          for (const Tensor& one : v) write_tensor(one, *message.add_tensors());
                        },
                        [&](const std::vector<GraphId>& v) {
                          type(proto::AttributeProto::GRAPHS);
                          for (const GraphId one : v) write_graph(one, *message.add_graphs());
                        },
                        [&](const CarriedAttribute& v) {
                          PITH_ASSERT(message.ParsePartialFromString(v.message),
                                      "a carried attribute that was changed");
                        }},
             attribute);
}

}  // namespace pith::ir::onnx
