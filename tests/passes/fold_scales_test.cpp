#include "passes/fold_scales.h"

#include "ir/print.h"
#include "tests/support/catch.h"
#include "tests/support/pass_test.h"

namespace pith::test {
namespace {

using passes::FoldScales;
using Reasons = std::vector<std::string>;

const std::string kConv = "float[1,2,3,3] x";
const std::string kConvWeight = "float[2,2,1,1] w = {1, -2, 0, 4}";

PassRun fold(const std::string& input, const std::string& constants, const std::string& nodes) {
  return run_pass<FoldScales>("net (" + input + ") => (y) <" + constants + "> { " + nodes + " }");
}

void check_folded(const PassRun& run, std::size_t changes, const std::string& text) {
  CHECK(run.changes == changes);
  CHECK(run.skipped.empty());
  CHECK(ir::print(run.after) == text);
  CHECK(largest_difference(run.before, run.after) < 1e-5);
  CHECK(run_pass<FoldScales>(run.after).changes == 0);
}

TEST_CASE("fold-scales folds factors and offsets of channels into a Conv") {
  check_folded(fold(kConv, kConvWeight + ", float[2,1,1] k = {0.5, -3}, float[1,2,1,1] c = {1, 2}",
                    "t = Conv(x, w) u = Mul(k, t) y = Add(u, c)"),
               2, "y = Conv(x, w[2,2,1,1], c[2])\n");
  check_folded(fold(kConv, kConvWeight + ", float[2] b = {7, 8}, float k = {4}, float[1] c = {1}",
                    "t = Conv(x, w, b) u = Div(t, k) y = Sub(u, c)"),
               2, "y = Conv(x, w[2,2,1,1], b[2])\n");
  // Factors alone make no bias.
  check_folded(fold(kConv, kConvWeight + ", float k = {4}", "t = Conv(x, w) y = Mul(t, k)"), 1,
               "y = Conv(x, w[2,2,1,1])\n");
}

TEST_CASE("fold-scales folds into ConvTranspose with groups, Gemm and MatMul") {
  check_folded(
      fold(
          "float[1,4,3] x",
          "float[4,3,2] w = {1, -2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, -1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12},"
          "float[6,1] k = {0.01, 0.02, 0.03, 0.04, 0.05, 0.06}",
          "t = ConvTranspose<group = 2>(x, w) y = Mul(t, k)"),
      1, "y = ConvTranspose(x, w[4,3,2]) {group=2}\n");
  check_folded(
      fold("float[2,3] x", "float[2,3] w = {1, -2, 3, 4, 5, 6}, float[2] k = {0.5, 2}, float[1,2] c = {3, 4}",
           "t = Gemm<transB = 1>(x, w) u = Mul(t, k) y = Add(c, u)"),
      2, "y = Gemm(x, w[2,3], c[2]) {transB=1}\n");
  check_folded(fold("float[5,2,3] x", "float[3,2] w = {1, -2, 3, 4, 5, 6}, float[2] k = {0.5, 2}",
                    "t = MatMul(x, w) y = Mul(t, k)"),
               1, "y = MatMul(x, w[3,2])\n");
}

void check_declined(const std::string& input, const std::string& constants, const std::string& nodes,
                    const std::string& reason) {
  const auto run = fold(input, constants, nodes);
  CHECK(run.changes == 0);
  REQUIRE(run.skipped.size() == 1);
  CHECK(run.skipped[0].ends_with(": " + reason));
}

TEST_CASE("fold-scales declines with a reason") {
  SECTION("a constant along another axis") {
    check_declined(kConv, kConvWeight + ", float[3] k = {1, 2, 3}", "t = Conv(x, w) y = Mul(t, k)",
                   "its constant of shape [3] is not one value a channel");
  }
  SECTION("a constant that widens the result") {
    check_declined(kConv, kConvWeight + ", float[1,1,1,1,1] k = {2}", "t = Conv(x, w) y = Mul(t, k)",
                   "its constant has more axes than its operand");
    check_declined("float[3] x", "float[3,2] w = {1, -2, 3, 4, 5, 6}, float[1,2] k = {0.5, 2}",
                   "t = MatMul(x, w) y = Mul(t, k)", "a MatMul of vectors has fewer axes than its constant");
  }
  SECTION("a product without a bias") {
    check_declined("float[2,3] x", "float[3,2] w = {1, -2, 3, 4, 5, 6}, float[2] c = {0.5, 2}",
                   "t = MatMul(x, w) y = Add(t, c)", "a MatMul has no bias");
  }
  SECTION("division by zero") {
    check_declined(kConv, kConvWeight + ", float k = {0}", "t = Conv(x, w) y = Div(t, k)",
                   "the folded weights would not be finite");
  }
  SECTION("another reader") {
    const auto run = run_pass<FoldScales>("net (" + kConv + ") => (y, z) <" + kConvWeight +
                                          ", float k = {2}> { t = Conv(x, w) y = Mul(t, k) z = Neg(t) }");
    CHECK(run.changes == 0);
    CHECK(run.skipped == Reasons{"node Mul of 'y': the result of its Conv has another reader"});
  }
  SECTION("a weight that is no constant") {
    check_declined(kConv, kConvWeight + ", float k = {2}", "v = Neg(w) t = Conv(x, v) y = Mul(t, k)",
                   "the weight of its Conv is not a float32 constant");
  }
}

TEST_CASE("fold-scales leaves what follows nothing linear, and what divides by the result") {
  CHECK(fold("float[2] x", "float k = {2}", "t = Neg(x) y = Mul(t, k)").skipped.empty());
  CHECK(fold(kConv, kConvWeight + ", float k = {2}", "t = Conv(x, w) y = Div(k, t)").changes == 0);
  CHECK(fold(kConv, kConvWeight + ", float k = {2}", "t = Conv(x, w) y = Sub(k, t)").changes == 0);
}

}  // namespace
}  // namespace pith::test
