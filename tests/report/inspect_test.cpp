// What a model is made of: where its bytes are, and how it is told.
#include "report/inspect.h"

#include "report/text.h"
#include "tests/support/catch.h"
#include "tests/support/pass_test.h"

namespace pith::report {
namespace {

using Strings = std::vector<std::string>;

InspectReport inspected(const std::string& text, Statistics statistics = Statistics::everything) {
  return inspect(test::parse_model(text), Storage::onnx, {"m.onnx", 1234, ""}, {.statistics = statistics});
}

// "name operator bytes parameters"
Strings layers(const InspectReport& report) {
  Strings lines;
  for (const LayerEntry& layer : report.layers) {
    lines.push_back(layer.name + " " + layer.op + " " + std::to_string(layer.bytes) + " " +
                    std::to_string(layer.parameters));
  }
  return lines;
}

TEST_CASE("inspect: sizes by operator, type and form") {
  const InspectReport report = inspected(
      "net (float[1,2] x) => (float[1,2] y) <float[2,2] a = {1,2,3,4}, int64[2] s = {1,2}> "
      "{ p = MatMul(x, a) q = Reshape(p, s) y = MatMul(q, a) }");
  REQUIRE(report.operators.size() == 2);
  CHECK(report.operators[0].name == "MatMul");
  CHECK(report.operators[0].count == 2);
  CHECK(report.operators[0].bytes == 16);  // once, for the first that reads it
  CHECK(report.operators[0].parameters == 4);
  CHECK(report.operators[0].macs == 8);
  CHECK(report.operators[1].name == "Reshape");
  CHECK(report.operators[1].bytes == 16);
  CHECK(report.operators[1].parameters == 0);
  CHECK(report.domains == std::vector<std::pair<std::string, std::uint64_t>>{{"", 3}});
  CHECK(report.types == std::vector<std::pair<std::string, std::uint64_t>>{{"float32", 16}, {"int64", 16}});
  REQUIRE(report.forms.size() == 2);
  CHECK(report.forms[0].dtype == "float32");
  CHECK(report.forms[0].form == "dense");
  CHECK(report.forms[0].tensors == 1);
  CHECK(report.forms[0].elements == 4);
  CHECK(report.inputs == Strings{"x float32 [1,2]"});
  // Two bits a value of four, one a value of two.
  CHECK(report.entropy_bytes == 1U + 1U);
  CHECK_FALSE(
      inspected("net (float[2] x) => (float[2] y) <float[2] a = {1,2}> { y = Add(x, a) }", Statistics::zeros)
          .entropy_bytes);
}

TEST_CASE("inspect: a constant belongs to the first node that reads it, or what is made of it") {
  CHECK(
      layers(inspected("net (float[1,2] x) => (float[1,2] y) <float[2,2] a = {1,2,3,4}, float[2] u = {1,2}> "
                       "{ p = MatMul(x, a) q = MatMul(p, a) y = Relu(q) }")) ==
      Strings{"p MatMul 16 4", "q MatMul 0 0", " none 8 2"});
  // Codes of a file that was quantized elsewhere.
  CHECK(layers(inspected(
            "net (float[1,2] x) => (float[1,2] y) <int8[2,2] a = {1,2,3,4}, float s = {0.5}, int8 z = {1}> "
            "{ d = DequantizeLinear(a, s, z) t = Transpose(d) y = MatMul(x, t) }")) ==
        Strings{"y MatMul 9 1"});
  // An activation on the way ends it.
  CHECK(layers(inspected("net (float[2,2] x) => (float[2,2] y) <int64[2] s = {2,2}> "
                         "{ r = Reshape(x, s) y = Relu(r) }")) == Strings{"r Reshape 16 0"});
  // Read in a body only.
  CHECK(layers(
            inspected("net (bool c, float[1,2] x) => (float[1,2] y) <float[2,2] a = {1,2,3,4}> { y = If(c) <"
                      "then_branch = t () => (float[1,2] m) { m = MatMul(x, a) }, "
                      "else_branch = e () => (float[1,2] n) { n = Neg(x) }> }")) == Strings{"m MatMul 16 4"});
}

TEST_CASE("inspect: said to people") {
  const InspectReport report = inspected(
      "<ir_version: 8, opset_import: [\"\" : 17, \"some.where\" : 3]> net (float[N,2] x) => (float[N,2] y) "
      "<float[2,2] a = {1,2,3,4}, float[2,2] b = {1,2,3,4}> "
      "{ p = MatMul(x, a) q = some.where.Mix(p) y = MatMul(q, b) }");
  const std::string summary = to_text(report, Detail::summary);
  for (const std::string part :
       {"operator sets: ai.onnx 17 some.where 3\n", "32 bytes of weights, 16 of them in duplicates\n",
        "not known for ", "N counted as 1", "some.where::Mix", "2 bytes of weights if each tensor were coded",
        "MatMul               2           8     32  100.0 %"}) {
    CAPTURE(summary, part);
    CHECK(summary.contains(part));
  }
  CHECK_FALSE(summary.contains("b repeats a"));
  CHECK(to_text(report, Detail::everything).contains("b repeats a, 16 bytes\n"));
}

TEST_CASE("inspect: the twenty largest, or all") {
  std::string constants;
  std::string nodes;
  for (int i = 1; i <= 25; ++i) {
    const std::string n = std::to_string(i);
    constants += (i == 1 ? "" : ", ") + ("float[" + n + ",1] w" + n) + " = {0";
    for (int k = 1; k < i; ++k) constants += ",0";
    constants += "}";
    nodes += "r" + n + " = Neg(w" + n + ") ";
  }
  InspectReport report =
      inspected("net (float[1] x) => (float[1] y) <" + constants + "> { " + nodes + " y = Relu(x) }");
  const std::string summary = to_text(report, Detail::summary);
  CHECK(summary.contains("and 5 smaller ones, see -v\n"));
  CHECK(summary.contains("\nw25 "));
  CHECK_FALSE(summary.contains("\nw5 "));
  CHECK(to_text(report, Detail::everything).contains("\nw5 "));
  report.external = {{"weights.bin", 5000}};
  CHECK(to_text(report, Detail::summary).contains("external data in weights.bin, 5,000 bytes\n"));
}

}  // namespace
}  // namespace pith::report
