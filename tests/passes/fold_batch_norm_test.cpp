#include "passes/fold_batch_norm.h"

#include <cmath>

#include "ir/print.h"
#include "ir/rewriter.h"
#include "tests/support/catch.h"
#include "tests/support/pass_test.h"

namespace pith::test {
namespace {

using passes::FoldBatchNorm;
using Reasons = std::vector<std::string>;

constexpr auto kConvThenNorm = R"(
  net (float[1,2,3,3] x) => (float[1,2,3,3] y)
  <float[2,2,1,1] w = {1, -2, 0, 4}, float[2] scale = {0.5, -2}, float[2] shift = {0, 1},
   float[2] mean = {0.1, -0.2}, float[2] var = {1, 4}>
  {
    t = Conv(x, w)
    y = BatchNormalization<epsilon = 0.001>(t, scale, shift, mean, var)
  })";

void check_folded(const PassRun& run, const std::string& text) {
  CHECK(run.changes == 1);
  CHECK(run.skipped.empty());
  CHECK(ir::print(run.after) == text);
  CHECK(largest_difference(run.before, run.after) < 1e-5);
  CHECK(run_pass<FoldBatchNorm>(run.after).changes == 0);
}

// The one constant of that name.
ir::Tensor constant(const ir::Model& model, const std::string& name) {
  for (const ir::ValueId id : model.graph().values()) {
    if (model.graph().value(id).name == name) return model.graph().constant_f32(id).value();
  }
  throw InternalError("no constant " + name);
}

TEST_CASE("fold-batch-norm removes the norm, its parameters and the old weight") {
  const auto run = run_pass<FoldBatchNorm>(kConvThenNorm);
  check_folded(run, "y = Conv(x, w[2,2,1,1], shift[2])\n");
  // x, y, and the new weight and bias.
  CHECK(run.after.graph().values().size() == 4);
}

TEST_CASE("fold-batch-norm computes in double and rounds once; a zero stays a zero") {
  const auto run = run_pass<FoldBatchNorm>(kConvThenNorm);
  const ir::Tensor w = constant(run.after, "w");
  const ir::Tensor bias = constant(run.after, "shift");
  const double epsilon = static_cast<double>(0.001F);
  const double k0 = 0.5 / std::sqrt(1 + epsilon);
  const double k1 = -2 / std::sqrt(4 + epsilon);
  CHECK(w.as<float>()[0] == static_cast<float>(k0));
  CHECK(w.as<float>()[1] == static_cast<float>(-2 * k0));
  CHECK(w.as<float>()[3] == static_cast<float>(4 * k1));
  CHECK(w.as<float>()[2] == 0);
  CHECK_FALSE(std::signbit(w.as<float>()[2]));
  CHECK(bias.as<float>()[0] == static_cast<float>(-static_cast<double>(0.1F) * k0));
  CHECK(bias.as<float>()[1] == static_cast<float>(static_cast<double>(0.2F) * k1 + 1));
}

TEST_CASE("fold-batch-norm folds into a Conv with groups, a bias and padding") {
  check_folded(run_pass<FoldBatchNorm>(R"(
    net (float[1,4,4,4] x) => (float[1,4,4,4] y)
    <float[4,2,3,3] w = {1, -2, 3, 4, 5, 6, 7, 8, 9, 1, -2, 3, 4, 5, 6, 7, 8, 9,
                         2, -2, 3, 4, 5, 6, 7, 8, 9, 1, -2, 3, 4, 5, 6, 7, 8, 9,
                         3, -2, 3, 4, 5, 6, 7, 8, 9, 1, -2, 3, 4, 5, 6, 7, 8, 9,
                         4, -2, 3, 4, 5, 6, 7, 8, 9, 1, -2, 3, 4, 5, 6, 7, 8, 9},
     float[4] b = {1, 2, 3, 4}, float[4] scale = {0.1, -0.2, 0.3, 0.4}, float[4] shift = {0, 1, 2, 3},
     float[4] mean = {0.1, -0.2, 0.3, 0.4}, float[4] var = {10, 4, 9, 16}>
    {
      t = Conv<group = 2, pads = [1, 1, 1, 1]>(x, w, b)
      y = BatchNormalization(t, scale, shift, mean, var)
    })"),
               "y = Conv(x, w[4,2,3,3], b[4]) {group=2 pads=[1,1,1,1]}\n");
}

TEST_CASE("fold-batch-norm folds into a ConvTranspose, whose output channels are along axis 1") {
  check_folded(run_pass<FoldBatchNorm>(R"(
    net (float[1,2,3] x) => (float[1,3,4] y)
    <float[2,3,2] w = {1, -2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12},
     float[3] scale = {0.5, 2, 3}, float[3] shift = {0, 1, 2},
     float[3] mean = {0.1, -0.2, 0.3}, float[3] var = {1, 4, 9}>
    {
      t = ConvTranspose(x, w)
      y = BatchNormalization(t, scale, shift, mean, var)
    })"),
               "y = ConvTranspose(x, w[2,3,2], shift[3])\n");
}

TEST_CASE("fold-batch-norm folds into a ConvTranspose with groups") {
  check_folded(run_pass<FoldBatchNorm>(R"(
    net (float[1,4,3] x) => (float[1,6,4] y)
    <float[4,3,2] w = {1, -2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, -1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12},
     float[6] b = {1, 2, 3, 4, 5, 6},
     float[6] scale = {0.5, 2, 3, -4, 5, 6}, float[6] shift = {0, 1, 2, 3, 4, 5},
     float[6] mean = {0.1, -0.2, 0.3, 0.4, 0.5, 0.6}, float[6] var = {100, 400, 900, 1600, 2500, 3600}>
    {
      t = ConvTranspose<group = 2>(x, w, b)
      y = BatchNormalization(t, scale, shift, mean, var)
    })"),
               "y = ConvTranspose(x, w[4,3,2], b[6]) {group=2}\n");
}

TEST_CASE("fold-batch-norm folds into a Gemm of either orientation, with alpha") {
  check_folded(run_pass<FoldBatchNorm>(R"(
    net (float[2,3] x) => (float[2,2] y)
    <float[3,2] w = {1, -2, 3, 4, 5, 6}, float[2] b = {1, 2},
     float[2] scale = {0.5, 2}, float[2] shift = {0, 1}, float[2] mean = {0.1, -0.2}, float[2] var = {1, 4}>
    {
      t = Gemm<alpha = 0.25>(x, w, b)
      y = BatchNormalization(t, scale, shift, mean, var)
    })"),
               "y = Gemm(x, w[3,2], b[2]) {alpha=0.25}\n");
  check_folded(run_pass<FoldBatchNorm>(R"(
    net (float[2,3] x) => (float[2,2] y)
    <float[2,3] w = {1, -2, 3, 4, 5, 6},
     float[2] scale = {0.5, 2}, float[2] shift = {0, 1}, float[2] mean = {0.1, -0.2}, float[2] var = {1, 4}>
    {
      t = Gemm<transB = 1>(x, w)
      y = BatchNormalization(t, scale, shift, mean, var)
    })"),
               "y = Gemm(x, w[2,3], shift[2]) {transB=1}\n");
}

TEST_CASE("fold-batch-norm folds into a Gemm whose bias is broadcast") {
  for (const std::string bias : {"float b = {3}", "float[1,1] b = {3}", "float[1,2] b = {3, 4}"}) {
    check_folded(run_pass<FoldBatchNorm>(R"(
      net (float[2,3] x) => (float[2,2] y)
      <float[3,2] w = {1, -2, 3, 4, 5, 6}, )" +
                                         bias + R"(,
       float[2] scale = {0.5, 2}, float[2] shift = {0, 1}, float[2] mean = {0.1, -0.2}, float[2] var = {1, 4}>
      {
        t = Gemm(x, w, b)
        y = BatchNormalization(t, scale, shift, mean, var)
      })"),
                 "y = Gemm(x, w[3,2], b[2])\n");
  }
}

TEST_CASE("fold-batch-norm copies a weight that is read elsewhere, and keeps parameters that are") {
  const auto run = run_pass<FoldBatchNorm>(R"(
    net (float[1,2,3,3] x) => (float[1,2,3,3] y, float[1,2,3,3] z)
    <float[2,2,1,1] w = {1, -2, 3, 4}, float[2] one = {1, 2}>
    {
      t = Conv(x, w)
      y = BatchNormalization(t, one, one, one, one)
      z = Conv(x, w, one)
    })");
  check_folded(run, "y = Conv(x, w[2,2,1,1], one[2])\nz = Conv(x, w[2,2,1,1], one[2])\n");
  CHECK(run.after.graph().values().size() == 7);
}

TEST_CASE("fold-batch-norm folds one norm after the other") {
  const auto run = run_pass<FoldBatchNorm>(R"(
    net (float[1,2,3,3] x) => (float[1,2,3,3] y)
    <float[2,2,1,1] w = {1, -2, 3, 4}, float[2] one = {1, 2}, float[2] two = {0.5, 0.25}>
    {
      t = Conv(x, w)
      u = BatchNormalization(t, one, two, two, one)
      y = BatchNormalization(u, two, one, one, two)
    })");
  CHECK(run.changes == 2);
  CHECK(ir::print(run.after) == "y = Conv(x, w[2,2,1,1], two[2])\n");
  CHECK(largest_difference(run.before, run.after) < 1e-5);
}

TEST_CASE("fold-batch-norm works in subgraphs") {
  const auto run = run_pass<FoldBatchNorm>(R"(
    net (bool condition, float[1,1,2] x) => (float[1,1,2] y)
    {
      y = If(condition) <
        then_branch = g1 () => (float[1,1,2] a)
          <float[1,1,1] w = {2}, float[1] s = {3}>
          { t = Conv(x, w) a = BatchNormalization(t, s, s, s, s) },
        else_branch = g2 () => (float[1,1,2] b) { b = Neg(x) }
      >
    })");
  CHECK(run.changes == 1);
  CHECK(ir::print(run.after).find("  a = Conv(x, w[1,1,1], s[1])\n") != std::string::npos);
  CHECK(largest_difference(run.before, run.after) < 1e-5);
}

// A Conv and a norm with one line of each replaced.
struct Variant {
  std::string inputs = "float[1,2,3,3] x";
  std::string outputs = "float[1,2,3,3] y";
  std::string weight = "float[2,2,1,1] w = {1, -2, 3, 4}";
  std::string constants = "float[2] one = {1, 1}";
  std::string producer = "t = Conv(x, w)";
  std::string norm = "y = BatchNormalization(t, one, one, one, one)";
  std::string rest;
  std::string header;

  [[nodiscard]] std::string text() const {
    return header + "net (" + inputs + ") => (" + outputs + ") <" + weight + ", " + constants + "> { " +
           producer + " " + norm + " " + rest + " }";
  }
};

void check_declined(const Variant& variant, const std::string& reason) {
  const auto run = run_pass<FoldBatchNorm>(variant.text());
  CHECK(run.changes == 0);
  CHECK(run.skipped == Reasons{"node BatchNormalization of 'y': " + reason});
}

TEST_CASE("fold-batch-norm declines with a reason") {
  Variant v;
  CHECK(run_pass<FoldBatchNorm>(v.text()).changes == 1);
  SECTION("a norm of a graph input") {
    v.norm = "y = BatchNormalization(x, one, one, one, one)";
    v.producer = "";
    check_declined(v, "its input is not the result of a Conv, ConvTranspose or Gemm");
  }
  SECTION("a norm of something else") {
    v.producer = "t = Relu(x)";
    check_declined(v, "its input is not the result of a Conv, ConvTranspose or Gemm");
  }
  SECTION("another reader") {
    v.outputs += ", float[1,2,3,3] z";
    v.rest = "z = Neg(t)";
    check_declined(v, "the result of its Conv has another reader");
  }
  SECTION("a reader in a subgraph") {
    v.inputs += ", bool c";
    v.outputs += ", float[1,2,3,3] z";
    v.rest =
        "z = If(c) <then_branch = g1 () => (float[1,2,3,3] a) { a = Neg(t) }, "
        "else_branch = g2 () => (float[1,2,3,3] b) { b = Neg(x) }>";
    check_declined(v, "the result of its Conv has another reader");
  }
  SECTION("a result that is a graph output") {
    v.outputs += ", float[1,2,3,3] t";
    check_declined(v, "the result of its Conv is a graph output");
  }
  SECTION("a weight that is computed") {
    v.producer = "v = Relu(w) t = Conv(x, v)";
    check_declined(v, "the weight of its Conv is not a float32 constant");
  }
  SECTION("a weight that a caller may override") {
    v.inputs += ", " + v.weight;
    v.weight = "float[1] unused = {0}";
    check_declined(v, "the weight of its Conv is not a float32 constant");
  }
  SECTION("a weight of another type") {
    v.inputs = "double[1,2,3,3] x";
    v.weight = "double[2,2,1,1] w = {1, -2, 3, 4}";
    check_declined(v, "the weight of its Conv is not a float32 constant");
  }
  SECTION("a bias that is computed") {
    v.producer = "b = Relu(one) t = Conv(x, w, b)";
    check_declined(v, "the bias of its Conv is not a float32 constant");
  }
  SECTION("a bias of a wrong size") {
    v.constants += ", float[1] b = {1}";
    v.producer = "t = Conv(x, w, b)";
    check_declined(v, "the bias of its Conv does not hold one value a channel");
  }
  SECTION("each parameter that is computed") {
    const std::vector<std::string> names{"scale", "shift", "mean", "variance"};
    for (std::size_t i = 0; i < names.size(); ++i) {
      std::string inputs;
      for (std::size_t j = 0; j < names.size(); ++j) inputs += i == j ? ", p" : ", one";
      v.norm = "p = Relu(one) y = BatchNormalization(t" + inputs + ")";
      check_declined(v, "its " + names[i] + " is not a float32 constant");
    }
  }
  SECTION("a parameter of a wrong size") {
    v.constants += ", float[3] p = {1, 1, 1}";
    v.norm = "y = BatchNormalization(t, one, one, p, one)";
    check_declined(v, "its mean does not hold one value a channel");
  }
  SECTION("training mode by attribute") {
    v.norm = "y, m, s = BatchNormalization<training_mode = 1>(t, one, one, one, one)";
    check_declined(v, "it is in training mode");
  }
  SECTION("training mode by outputs") {
    v.header = "<ir_version: 7, opset_import: [\"\" : 13]> ";
    v.norm = "y, m = BatchNormalization(t, one, one, one, one)";
    check_declined(v, "it is in training mode");
  }
  SECTION("training mode of the oldest operator sets") {
    v.header = "<ir_version: 3, opset_import: [\"\" : 6]> ";
    check_declined(v, "it is in training mode");
  }
  SECTION("statistics for each position") {
    v.header = "<ir_version: 3, opset_import: [\"\" : 8]> ";
    v.norm = "y = BatchNormalization<spatial = 0>(t, one, one, one, one)";
    check_declined(v, "it normalizes every position on its own");
  }
  SECTION("a negative variance") {
    v.constants += ", float[2] p = {1, -1}";
    v.norm = "y = BatchNormalization(t, one, one, one, p)";
    check_declined(v, "the folded weights would not be finite");
  }
  SECTION("a weight that overflows") {
    v.weight = "float[2,2,1,1] w = {1, -2, 3, 3e38}";
    v.constants += ", float[2] p = {10, 10}";
    v.norm = "y = BatchNormalization(t, p, one, one, one)";
    check_declined(v, "the folded weights would not be finite");
  }
  SECTION("a bias that overflows") {
    v.constants += ", float[2] p = {3e38, 10}, float[2] q = {10, 10}";
    v.norm = "y = BatchNormalization(t, q, one, p, one)";
    check_declined(v, "the folded weights would not be finite");
  }
  SECTION("a weight without spatial axes") {
    v.weight = "float[2,2] w = {1, -2, 3, 4}";
    check_declined(v, "the weight of its Conv has shape [2,2]");
  }
  SECTION("groups that do not divide the channels") {
    v.producer = "t = ConvTranspose<group = 3>(x, w)";
    check_declined(v, "the weight of its ConvTranspose has shape [2,2,1,1]");
  }
}

TEST_CASE("fold-batch-norm declines a Gemm that it cannot fold into") {
  Variant v;
  v.inputs = "float[2,2] x";
  v.outputs = "float[2,2] y";
  v.weight = "float[2,2] w = {1, 2, 3, 4}";
  v.producer = "t = Gemm(x, w)";
  CHECK(run_pass<FoldBatchNorm>(v.text()).changes == 1);
  SECTION("beta") {
    v.producer = "t = Gemm<beta = 0.5>(x, w, one)";
    check_declined(v, "the beta of its Gemm is not 1");
  }
  SECTION("a bias a row") {
    v.constants += ", float[2,1] b = {1, 2}";
    v.producer = "t = Gemm(x, w, b)";
    check_declined(v, "the bias of its Gemm does not hold one value a channel");
  }
  SECTION("a bias for every position") {
    v.constants += ", float[2,2] b = {1, 2, 3, 4}";
    v.producer = "t = Gemm(x, w, b)";
    check_declined(v, "the bias of its Gemm does not hold one value a channel");
  }
  SECTION("a bias that is computed") {
    v.producer = "b = Relu(one) t = Gemm(x, w, b)";
    check_declined(v, "the bias of its Gemm is not a float32 constant");
  }
  SECTION("a weight that is no matrix") {
    v.weight = "float[1,2,2] w = {1, 2, 3, 4}";
    check_declined(v, "the weight of its Gemm has shape [1,2,2]");
  }
}

TEST_CASE("fold-batch-norm declines a compressed weight") {
  ir::Model model = parse_model(kConvThenNorm);
  for (const ir::ValueId id : model.graph().values()) {
    if (model.graph().value(id).name != "w") continue;
    ir::Constant sparse = *model.graph().constant(id);
    sparse.form = ir::Sparse{ir::Tensor::of<std::int64_t>({1}, {1}), ir::Tensor::of<float>({1}, {5})};
    ir::Rewriter(model).set_constant(id, sparse);
  }
  const auto run = run_pass<FoldBatchNorm>(model);
  CHECK(run.changes == 0);
  CHECK(run.skipped == Reasons{"node BatchNormalization of 'y': the weight of its Conv is compressed; fold "
                               "before compressing"});
}

TEST_CASE("fold-batch-norm stops when the user wants to") {
  ir::Model model = parse_model(kConvThenNorm);
  passes::PassContext context;
  context.cancelled = [] { return true; };
  const auto outcome = FoldBatchNorm().run(model, context);
  REQUIRE_FALSE(outcome);
  CHECK(outcome.error().code() == ErrorCode::interrupted);
}

}  // namespace
}  // namespace pith::test
