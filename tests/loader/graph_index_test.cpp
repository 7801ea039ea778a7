// The graph's wire format: what is found in it, and what is refused. Files with right checksums and other
// graphs.
#include "loader/graph_index.h"

#include <string>

#include "codec/container_writer.h"
#include "tests/support/catch.h"

namespace pith::loader {
namespace {

// A field of a message: a number or bytes.
std::string field(unsigned number, const std::string& bytes) {
  std::string out;
  const auto put = [&](std::size_t value) {
    for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
    out += static_cast<char>(value);
  };
  put(number << 3 | 2);
  put(bytes.size());
  return out + bytes;
}
std::string field(unsigned number, unsigned value) {
  return std::string{static_cast<char>(number << 3), static_cast<char>(value)};
}

// An initializer "w" of uint8 [3] without data, and then `more`.
std::string stub(const std::string& more = "", const std::string& name = "w") {
  return field(1, 3U) + field(2, 2U) + field(8, name) + more;
}
std::string node(const std::string& op, const std::string& more = "", const std::string& domain = "") {
  return field(4, op) + more + (domain.empty() ? "" : field(7, domain));
}
std::string model(const std::string& graph) {
  return field(7, graph);
}

// What index_graph() says of a file with this graph, a tensor "w" and the operators Relu and x::Y.
std::string refused(const std::string& graph) {
  const std::string values = "abc";
  const auto octets = [](const std::string& text) {
    return std::span(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
  };
  const codec::TensorToWrite tensor{"w",
                                    {.dtype = 2, .dims = {3}},
                                    {codec::StreamToWrite(Coder::raw, ir::Buffer::own(std::string(values)))},
                                    hash_bytes(octets(values))};
  const auto file = codec::write_container(octets(graph), {"Relu", "x::Y"}, std::span(&tensor, 1));
  REQUIRE(file);
  const std::string bytes = file->joined();
  const auto container = Container::open(octets(bytes));
  REQUIRE(container);
  const auto index = index_graph(octets(graph), *container);
  return std::string(index ? "" : index.error().message());
}

std::string inside(std::string graph, int times) {
  for (int i = 0; i < times; ++i) graph = field(1, node("Relu", field(5, field(6, graph))));
  return graph;
}

TEST_CASE("an initializer without data is found in the graph and in subgraphs") {
  const std::string graph = field(5, stub());
  CHECK(refused(model(graph)).empty());
  CHECK(refused(model(inside(graph, 1))).empty());
  CHECK(refused(model(inside(graph, 32))).empty());
  CHECK(refused(model(inside(graph, 34))) == "the graph's messages are nested deeper than 100");
  CHECK(refused(model(field(1, node("Relu", field(5, field(11, graph)))))).empty());
  // Dimensions may be packed, and unknown fields stand anywhere.
  CHECK(refused(model(field(5, field(1, std::string(1, '\3')) + field(2, 2U) + field(8, std::string("w")) +
                                   field(99, std::string("?")))))
            .empty());
}

TEST_CASE("records and initializers that do not belong together are refused") {
  CHECK(refused(model("")) == "tensor 'w' has no place in the graph");
  CHECK(refused(model(field(5, stub()) + field(5, stub()))) == "initializer 'w' occurs twice");
  CHECK(refused(model(field(5, stub()) + field(5, stub("", "v")))) == "initializer 'v' has no data");
  const std::string shape = "initializer 'w' has another type or shape than its values";
  CHECK(refused(model(field(5, field(1, 4U) + field(2, 2U) + field(8, std::string("w"))))) == shape);
  CHECK(refused(model(field(5, field(1, 3U) + field(2, 3U) + field(8, std::string("w"))))) == shape);
  CHECK(refused(model(field(5, field(1, 3U) + stub()))) == shape);
  // One with data is not a place for others; one without elements needs none.
  CHECK(refused(model(field(5, stub(field(9, std::string("abc")))))) ==
        "tensor 'w' has no place in the graph");
  CHECK(refused(model(field(5, stub()) + field(5, field(1, 0U) + field(2, 1U) + field(8, std::string("e")))))
            .empty());
  // Nor is one in a function or a training graph.
  const std::string attribute = field(5, field(6, field(5, stub())));
  CHECK(refused(field(25, field(7, node("Relu", attribute)))) == "tensor 'w' has no place in the graph");
  CHECK(refused(field(20, field(1, field(5, stub())))) == "tensor 'w' has no place in the graph");
}

TEST_CASE("external data is refused wherever a tensor can be") {
  const std::string external = stub(field(14, 1U));
  const std::string named = stub(field(13, field(1, std::string("location")) + field(2, std::string("x"))));
  const std::string right = field(5, stub());
  for (const std::string& tensor : {external, named}) {
    const std::string in_attribute = field(1, node("Relu", field(5, field(5, tensor))));
    for (const std::string& graph :
         {field(5, tensor), right + in_attribute, right + field(1, node("Relu", field(5, field(10, tensor)))),
          right + field(15, field(1, tensor)), right + field(15, field(2, tensor)),
          right + field(1, node("Relu", field(5, field(22, field(1, tensor))))),
          right + field(1, node("Relu", field(5, field(23, field(2, tensor))))),
          right + inside(in_attribute, 3)})
      CHECK(refused(model(graph)) == "the graph refers to external data");
    CHECK(refused(model(right) + field(25, field(7, node("Relu", field(5, field(5, tensor)))))) ==
          "the graph refers to external data");
  }
}

TEST_CASE("operators that the file does not list are refused") {
  const std::string right = field(5, stub());
  const auto with = [&](const std::string& op, const std::string& domain = "") {
    return refused(model(right + field(1, node(op, "", domain))));
  };
  CHECK(with("Relu").empty());
  CHECK(with("Relu", "ai.onnx").empty());
  CHECK(with("Y", "x").empty());
  CHECK(with("Y") == "the graph has an operator 'Y' that the file does not list");
  CHECK(with("Relu", "x") == "the graph has an operator 'x::Relu' that the file does not list");
  CHECK(with("Constant") == "the graph has an operator 'Constant' that the file does not list");
  CHECK_FALSE(refused(model(right + inside(field(1, node("Add")), 2))).empty());
  CHECK_FALSE(refused(model(right) + field(25, field(7, node("Add")))).empty());
}

TEST_CASE("bytes that are no ONNX model are refused") {
  const std::string right = field(5, stub());
  const std::string no_model = "the graph is not an ONNX model";
  CHECK(refused(field(7, 1U)) == no_model);                                // a number where the graph is
  CHECK(refused(model(right + std::string("\x0A\x05\x01"))) == no_model);  // cut short
  CHECK(refused(model(right) + std::string("\x3B")) == no_model);          // a group
  CHECK(refused(model(right) + std::string("\x02\x00", 2)) == no_model);   // field 0
  CHECK(refused(model(right) + "\x48" + std::string(10, '\xFF')) == no_model);
  CHECK(refused(model(right) + model("")) == "a message of the graph occurs twice");
  const std::string graphs = field(6, std::string()) + field(6, std::string());
  CHECK(refused(model(right + field(1, node("Relu", field(5, graphs))))) ==
        "a message of the graph occurs twice");
}

}  // namespace
}  // namespace pith::loader
