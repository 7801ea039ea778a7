// What differs between two models, told apart by hand.
#include "report/compare.h"

#include "report/text.h"
#include "tests/support/catch.h"
#include "tests/support/pass_test.h"

namespace pith::report {
namespace {

CompareReport compared(const std::string& a, const std::string& b) {
  return compare(test::parse_model(a), Storage::onnx, {"a.onnx", 1000, ""}, test::parse_model(b),
                 Storage::onnx, {"b.onnx", 250, ""}, 2);
}

const std::string kNet =
    "net (float[N,2] x) => (float[N,2] y) <float[2,2] w = {3,4,0,0}, float[2] c = {1,2}> "
    "{ p = MatMul(x, w) y = Add(p, c) }";

TEST_CASE("compare: equal models") {
  const CompareReport report = compared(kNet, kNet);
  CHECK(report.same_graph);
  CHECK(report.operators.empty());
  CHECK(report.opsets.empty());
  CHECK(report.inputs.empty());
  CHECK(report.outputs.empty());
  REQUIRE(report.tensors.size() == 2);
  CHECK(report.tensors[0].equal);
  CHECK(report.tensors[0].max_abs_error == 0.0);
  CHECK_FALSE(report.tensors[0].sqnr_db);
  CHECK(report.only_in_a.empty());
  CHECK(report.only_in_b.empty());
  CHECK(report.ratio() == 4.0);
  CHECK(report.exceeded().empty());
}

TEST_CASE("compare: values of weights are no difference of the graph") {
  const CompareReport report =
      compared(kNet,
               "net (float[N,2] x) => (float[N,2] y) <float[2,2] w = {3,5,0,0}, float[2] c = {1,2}> "
               "{ p = MatMul(x, w) y = Add(p, c) }");
  CHECK(report.same_graph);
  REQUIRE(report.tensors.size() == 2);
  CHECK_FALSE(report.tensors[0].equal);
  CHECK(report.tensors[0].max_abs_error == 1.0);
  REQUIRE(report.tensors[0].sqnr_db);
  CHECK(*report.tensors[0].sqnr_db == Approx(13.979400086720377));
  CHECK(report.tensors[1].equal);
  const std::string text = to_text(report, Detail::summary);
  for (const std::string part : {"a.onnx -> b.onnx\n", "size     1,000 -> 250 bytes, 4.00x smaller\n",
                                 "graph    equal, apart from the values of weights\n",
                                 "tensors  1 equal bit for bit, 1 differ\n", "13.98 dB"}) {
    CAPTURE(text, part);
    CHECK(text.contains(part));
  }
}

TEST_CASE("compare: graphs, interfaces and tensors that differ") {
  const CompareReport report = compared(
      kNet,
      "<ir_version: 8, opset_import: [\"\" : 18, \"some.where\" : 1]> "
      "net (float[N,3] x, float[1] t) => (float[N,2] z) <float[3,2] w = {3,4,0,0,0,0}, float[2] d = {1,2}> "
      "{ p = MatMul(x, w) q = Add(p, d) r = Add(q, t) z = Relu(r) }");
  CHECK_FALSE(report.same_graph);
  REQUIRE(report.operators.size() == 2);
  CHECK(report.operators[0].name == "Add");
  CHECK(report.operators[0].a == 1);
  CHECK(report.operators[0].b == 2);
  CHECK(report.operators[1].name == "Relu");
  CHECK(report.operators[1].a == 0);
  REQUIRE(report.opsets.size() == 2);
  CHECK(report.opsets[0].a == 17);
  CHECK(report.opsets[0].b == 18);
  CHECK(report.opsets[1].name == "some.where");
  REQUIRE(report.inputs.size() == 2);
  CHECK(report.inputs[0].a == "float32 [N,2]");
  CHECK(report.inputs[0].b == "float32 [N,3]");
  CHECK_FALSE(report.inputs[1].a);
  REQUIRE(report.outputs.size() == 2);
  REQUIRE(report.tensors.size() == 1);
  CHECK(report.tensors[0].name == "w");
  CHECK_FALSE(report.tensors[0].equal);
  CHECK_FALSE(report.tensors[0].max_abs_error);
  REQUIRE(report.only_in_a.size() == 1);
  CHECK(report.only_in_a[0].first == "c");
  REQUIRE(report.only_in_b.size() == 1);
  CHECK(report.only_in_b[0].second.bytes == 8);
  const std::string text = to_text(report, Detail::everything);
  for (const std::string part :
       {"Add       1  2      +1\n", "operator set ai.onnx: 17 -> 18\n",
        "input x: float32 [N,2] -> float32 [N,3]\n", "input t: none -> float32 [1]\n",
        "output y: float32 [N,2] -> none\n", "only in a: 1 tensors, 8 bytes\n",
        "  c float32 [2] dense, 8 bytes\n", "[2,2] -> [3,2]"}) {
    CAPTURE(text, part);
    CHECK(text.contains(part));
  }
}

TEST_CASE("compare: a weight in another type is compared by its values") {
  const CompareReport report = compared(
      "net (float[2] x) => (float[2] y) <float[2] w = {1,2}> { y = Add(x, w) }",
      "net (float[2] x) => (float[2] y) <double[2] w = {1,2.5}> { v = Cast<to=1>(w) y = Add(x, v) }");
  REQUIRE(report.tensors.size() == 1);
  CHECK_FALSE(report.tensors[0].equal);
  CHECK(report.tensors[0].max_abs_error == 0.5);
  CHECK(to_text(report, Detail::summary).contains("float32 -> float64"));
}

TEST_CASE("compare: tolerances") {
  CompareReport report = compared(kNet, kNet);
  report.run = OutputsEntry{"synthetic", true, false, {}};
  engine::OutputDifference output;
  output.name = output.other = "y";
  output.difference = {
      .equal = false, .elements = 4, .max_abs = 1, .max_value = 100, .signal = 4, .noise = 1};
  report.run->comparison = {{output}, 16};
  CHECK(report.exceeded().empty());  // none is given
  report.tolerance = 0.01;
  CHECK(report.exceeded().empty());
  CHECK(to_text(report, Detail::summary).contains("result   within the tolerance of 0.01\n"));
  CHECK(to_text(report, Detail::summary).contains("on 16 synthetic samples, ONNX Runtime"));
  report.tolerance = 0.009;
  CHECK(report.exceeded() == "output 'y' has a relative error of 0.01, over the tolerance of 0.009");
  report.tolerance = 0;
  CHECK(report.exceeded() == "output 'y' is not equal bit for bit");
  // Zeros of other sign are no error, but other bits.
  report.run->comparison.outputs[0].difference.max_abs = 0;
  CHECK_FALSE(report.exceeded().empty());
  report.tolerance = 1e-9;
  CHECK(report.exceeded().empty());
  // All zero against something: infinitely far.
  report.run->comparison.outputs[0].difference = {.equal = false, .elements = 4, .max_abs = 1};
  CHECK_FALSE(report.exceeded().empty());
  report.run->comparison.outputs[0].not_compared = "only the first model has it";
  report.tolerance = 100;
  CHECK(report.exceeded() == "output 'y' was not compared: only the first model has it");
}

}  // namespace
}  // namespace pith::report
