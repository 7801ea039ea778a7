#include "passes/eliminate_no_ops.h"

#include "ir/print.h"
#include "tests/support/catch.h"
#include "tests/support/pass_test.h"

namespace pith::test {
namespace {

using passes::EliminateNoOps;
using Reasons = std::vector<std::string>;

// The text of the model after; checks that twice is once and that no bit changed.
std::string after(const std::string& type, const std::string& constants, const std::string& nodes,
                  const std::string& header = "") {
  const std::string open = constants.empty() ? "" : "<" + constants + ">";
  const auto run =
      run_pass<EliminateNoOps>(header + "net (" + type + " x) => (y) " + open + " { " + nodes + " }");
  CHECK(run_pass<EliminateNoOps>(run.after).changes == 0);
  CHECK(largest_difference(run.before, run.after) == 0);
  return ir::print(run.after);
}

const std::string kOpset9 = "<ir_version: 4, opset_import: [\"\" : 9]> ";

TEST_CASE("eliminate-no-ops removes casts that change nothing") {
  CHECK(after("float[2]", "", "a = Cast<to = 1>(x) y = Relu(a)") == "y = Relu(x)\n");
  CHECK(after("float[2]", "", "b = Relu(x) a = Cast<to = 1>(b) y = Neg(a)") == "b = Relu(x)\ny = Neg(b)\n");
  CHECK(after("float16[2]", "", "a = Cast<to = 1>(x) b = Cast<to = 10>(a) y = Neg(b)") ==
        "a = Cast(x) {to=1}\ny = Neg(x)\n");
  CHECK(after("int32[2]", "", "a = Cast<to = 7>(x) b = Cast<to = 6>(a) y = Neg(b)") ==
        "a = Cast(x) {to=7}\ny = Neg(x)\n");
}

TEST_CASE("eliminate-no-ops keeps casts that lose something") {
  for (const std::string nodes : {"a = Cast<to = 10>(x) b = Cast<to = 1>(a) y = Neg(b)",
                                  "a = Cast<to = 7>(x) b = Cast<to = 1>(a) y = Neg(b)",
                                  "a = Cast<to = 16>(x) b = Cast<to = 1>(a) y = Neg(b)"}) {
    CHECK(run_pass<EliminateNoOps>("net (float[2] x) => (float[2] y) { " + nodes + " }").changes == 0);
  }
  CHECK(run_pass<EliminateNoOps>(
            "net (int64[2] x) => (y) { a = Cast<to = 1>(x) b = Cast<to = 7>(a) y = Neg(b) }")
            .changes == 0);
}

TEST_CASE("eliminate-no-ops removes neutral operands") {
  CHECK(after("float[2]", "float one = {1}", "a = Mul(x, one) y = Relu(a)") == "y = Relu(x)\n");
  CHECK(after("float[2]", "float one = {1}", "a = Mul(one, x) y = Relu(a)") == "y = Relu(x)\n");
  CHECK(after("float[2]", "float[2] ones = {1, 1}", "a = Div(x, ones) y = Relu(a)") == "y = Relu(x)\n");
  CHECK(after("float[2]", "float one = {1}", "a = Pow(x, one) y = Relu(a)") == "y = Relu(x)\n");
  CHECK(after("float[2]", "float zero = {0}", "a = Sub(x, zero) y = Relu(a)") == "y = Relu(x)\n");
  CHECK(after("float[2]", "float zero = {-0.0}", "a = Add(x, zero) y = Relu(a)") == "y = Relu(x)\n");
  CHECK(after("int64[2]", "int64 zero = {0}", "a = Add(zero, x) y = Neg(a)") == "y = Neg(x)\n");
}

TEST_CASE("eliminate-no-ops keeps operands that change a bit or the shape") {
  const auto kept = [](const std::string& type, const std::string& constants, const std::string& nodes) {
    CHECK(run_pass<EliminateNoOps>("net (" + type + " x) => (y) <" + constants + "> { " + nodes + " }")
              .changes == 0);
  };
  kept("float[2]", "float zero = {0}", "a = Add(x, zero) y = Neg(a)");     // -0.0 + 0.0 = 0.0
  kept("float[2]", "float zero = {-0.0}", "a = Sub(x, zero) y = Neg(a)");  // -0.0 - -0.0 = 0.0
  kept("float[2]", "float zero = {0}", "a = Sub(zero, x) y = Neg(a)");     // -x
  kept("float[2]", "float one = {1}", "a = Div(one, x) y = Neg(a)");       // 1 / x
  kept("float[2]", "float one = {1}", "a = Pow(one, x) y = Neg(a)");       // 1
  kept("float[2]", "float[2,2] one = {1, 1, 1, 1}", "a = Mul(x, one) y = Neg(a)");
  kept("float[n]", "float[2] one = {1, 1}", "a = Mul(x, one) y = Neg(a)");  // n may be 1
  kept("float[2]", "float[2] one = {1, 2}", "a = Mul(x, one) y = Neg(a)");
}

TEST_CASE("eliminate-no-ops removes operators of one operand and those done twice") {
  CHECK(after("float[2]", "", "a = Sum(x) b = Max(a) c = Concat<axis = 0>(b) y = Neg(c)") == "y = Neg(x)\n");
  CHECK(after("float[2]", "", "a = Neg(x) b = Neg(a) y = Relu(b)") == "a = Neg(x)\ny = Relu(x)\n");
  CHECK(after("float[2]", "", "a = Relu(x) b = Relu(a) y = Neg(b)") == "a = Relu(x)\ny = Neg(a)\n");
  CHECK(run_pass<EliminateNoOps>("net (float[2] x) => (y) { a = Exp(x) y = Exp(a) }").changes == 0);
}

TEST_CASE("eliminate-no-ops removes reshapes to the shape that is there") {
  CHECK(after("float[2,3]", "int64[2] s = {2, 3}", "a = Reshape(x, s) y = Neg(a)") == "y = Neg(x)\n");
  CHECK(after("float[n,3]", "int64[2] s = {-1, 3}", "a = Reshape(x, s) y = Neg(a)") == "y = Neg(x)\n");
  CHECK(after("float[n,3]", "int64[2] s = {0, -1}", "a = Reshape(x, s) y = Neg(a)") == "y = Neg(x)\n");
  CHECK(after("float[n,3]", "", "a = Flatten(x) y = Neg(a)") == "y = Neg(x)\n");
  CHECK(after("float[2,3]", "int64[1] s = {1}", "a = Expand(x, s) y = Neg(a)") == "y = Neg(x)\n");
  CHECK(after("float[2,3]", "int64[2] r = {1, 1}", "a = Tile(x, r) y = Neg(a)") == "y = Neg(x)\n");
  const auto kept = [](const std::string& type, const std::string& shape, const std::string& op = "Reshape") {
    CHECK(run_pass<EliminateNoOps>("net (" + type + " x) => (y) <" + shape + "> { a = " + op +
                                   "(x, s) y = Neg(a) }")
              .changes == 0);
  };
  kept("float[2,3]", "int64[2] s = {3, 2}");
  kept("float[n,3]", "int64[2] s = {2, 3}");
  kept("float[n,m]", "int64[2] s = {-1, 3}");
  kept("float[2,0]", "int64[2] s = {-1, 0}");
  kept("float[2,3]", "int64[1] s = {-1}");
  kept("float[n]", "int64[1] s = {4}", "Expand");
  kept("float[2]", "int64[1] s = {2}", "Tile");
}

TEST_CASE("eliminate-no-ops removes slices of everything and pads of nothing") {
  CHECK(after("float[n,3]", "int64[1] b = {0}, int64[1] e = {9223372036854775807}, int64[1] a = {1}",
              "t = Slice(x, b, e, a) y = Neg(t)") == "y = Neg(x)\n");
  CHECK(after("float[n,3]", "int64[1] b = {0}, int64[1] e = {3}, int64[1] a = {-1}",
              "t = Slice(x, b, e, a) y = Neg(t)") == "y = Neg(x)\n");
  CHECK(after("float[n,3]", "int64[4] p = {0, 0, 0, 0}", "t = Pad<mode = \"reflect\">(x, p) y = Neg(t)") ==
        "y = Neg(x)\n");
  CHECK(after("float[2,3]", "", "t = Slice<starts = [0], ends = [2], axes = [0]>(x) y = Neg(t)", kOpset9) ==
        "y = Neg(x)\n");
  CHECK(after("float[2,3]", "", "t = Pad<pads = [0, 0, 0, 0]>(x) y = Neg(t)", kOpset9) == "y = Neg(x)\n");
  const auto kept = [](const std::string& constants) {
    CHECK(run_pass<EliminateNoOps>("net (float[n,3] x) => (y) <" + constants +
                                   "> { t = Slice(x, b, e, a, s) y = Neg(t) }")
              .changes == 0);
  };
  kept("int64[1] b = {0}, int64[1] e = {2}, int64[1] a = {1}, int64[1] s = {1}");
  kept("int64[1] b = {1}, int64[1] e = {3}, int64[1] a = {1}, int64[1] s = {1}");
  kept("int64[1] b = {0}, int64[1] e = {3}, int64[1] a = {1}, int64[1] s = {2}");
  kept("int64[1] b = {0}, int64[1] e = {3}, int64[1] a = {0}, int64[1] s = {1}");
}

TEST_CASE("eliminate-no-ops removes and joins transposes") {
  CHECK(after("float[2,3]", "", "a = Transpose<perm = [0, 1]>(x) y = Neg(a)") == "y = Neg(x)\n");
  CHECK(after("float[2,3,4]", "", "a = Transpose<perm = [1, 0, 2]>(x) y = Transpose<perm = [2, 0, 1]>(a)") ==
        "y = Transpose(x) {perm=[2,1,0]}\n");
  CHECK(run_pass<EliminateNoOps>("net (float[2,3] x) => (y) { a = Transpose(x) y = Neg(a) }").changes == 0);
}

TEST_CASE("eliminate-no-ops removes a transpose and its inverse in two steps") {
  const auto once = run_pass<EliminateNoOps>(
      "net (float[2,3] x) => (float[2,3] y) { a = Transpose<perm = [1, 0]>(x) b = Transpose<perm = [1, "
      "0]>(a) "
      "y = Neg(b) }");
  CHECK(ir::print(once.after) == "y = Neg(x)\n");
}

TEST_CASE("eliminate-no-ops joins reshapes and removes what undoes itself") {
  CHECK(after("float[2,6]", "int64[3] s = {2, 3, 2}, int64[2] t = {4, -1}",
              "a = Reshape(x, s) y = Reshape(a, t)") == "y = Reshape(x, t[2])\n");
  CHECK(after("float[2,3]", "int64[1] s = {1}", "a = Unsqueeze(x, s) b = Squeeze(a, s) y = Neg(b)") ==
        "a = Unsqueeze(x, s[1])\ny = Neg(x)\n");
  CHECK(after("float[2,1]", "int64[1] s = {1}", "a = Squeeze(x, s) b = Unsqueeze(a, s) y = Neg(b)") ==
        "a = Squeeze(x, s[1])\ny = Neg(x)\n");
  // 0 copies a dimension of what is between.
  CHECK(run_pass<EliminateNoOps>("net (float[2,6] x) => (y) <int64[2] s = {3, 4}, int64[2] t = {0, -1}> "
                                 "{ a = Reshape(x, s) y = Reshape(a, t) }")
            .changes == 0);
}

TEST_CASE("eliminate-no-ops knows integer products with zero") {
  CHECK(after("int64[2]", "int64[2] zero = {0, 0}", "a = Mul(x, zero) y = Neg(a)") == "y = Neg(zero[2])\n");
  CHECK(after("int64[1]", "int64[2] zero = {0, 0}", "a = Mul(zero, x) y = Neg(a)") == "y = Neg(zero[2])\n");
  const auto kept = [](const std::string& type, const std::string& constants) {
    CHECK(run_pass<EliminateNoOps>("net (" + type + " x) => (y) <" + constants +
                                   "> { a = Mul(x, zero) y = Neg(a) }")
              .changes == 0);
  };
  kept("float[2]", "float[2] zero = {0, 0}");  // NaN, infinity, -0.0
  kept("int64[2]", "int64[2] zero = {0, 1}");
  kept("int64[2]", "int64[1] zero = {0}");  // the product has the other shape
  kept("int64[n]", "int64[2] zero = {0, 0}");
  kept("int64[2,2]", "int64[2] zero = {0, 0}");
}

TEST_CASE("eliminate-no-ops lets a reduction keep the axes that an Unsqueeze restores") {
  CHECK(after("float[2,3]", "int64[1] s = {1}",
              "a = ReduceMean<axes = [1], keepdims = 0>(x) y = Unsqueeze(a, s)") ==
        "y = ReduceMean(x) {axes=[1] keepdims=1}\n");
  CHECK(after("float[2,3,4]", "int64[2] s = {1, 0}, int64[2] t = {0, 1}",
              "a = ReduceSum<keepdims = 0>(x, s) b = Unsqueeze(a, t) y = Neg(b)") ==
        "b = ReduceSum(x, s[2]) {keepdims=1}\ny = Neg(b)\n");
  const auto kept = [](const std::string& nodes, const std::string& outputs = "y") {
    CHECK(run_pass<EliminateNoOps>("net (float[2,3,4] x) => (" + outputs + ") <int64[1] s = {1}> { " + nodes +
                                   " }")
              .changes == 0);
  };
  kept("a = ReduceMean<axes = [0], keepdims = 0>(x) y = Unsqueeze(a, s)");
  kept("a = ReduceMean<axes = [1]>(x) y = Unsqueeze(a, s)");
  kept("a = ReduceMean<keepdims = 0>(x) y = Unsqueeze(a, s)");
  kept("a = ReduceMean<axes = [1], keepdims = 0>(x) y = Unsqueeze(a, s) z = Neg(a)", "y, z");
}

TEST_CASE("eliminate-no-ops swaps the branches of an If of a Not") {
  const std::string branches =
      "<then_branch = g1 () => (float[2] t) { t = Neg(x) }, "
      "else_branch = g2 () => (float[2] e) { e = Exp(x) }>";
  const auto run = run_pass<EliminateNoOps>(
      "net (bool c, float[2] x) => (float[2] y, float[2] z) "
      "{ n = Not(c) y = If(n) " +
      branches +
      " z = If(n) <then_branch = g3 () => (float[2] u) { u = Abs(x) }, "
      "else_branch = g4 () => (float[2] v) { v = Relu(x) }> }");
  CHECK(run.changes == 2);
  const std::string text = ir::print(run.after);
  CHECK(text.find("Not") == std::string::npos);
  CHECK(text.find("If(c)") != std::string::npos);
  CHECK(largest_difference(run.before, run.after) == 0);
  CHECK(run_pass<EliminateNoOps>(run.after).changes == 0);
  // What else reads the Not reads it still.
  const auto read = run_pass<EliminateNoOps>(
      "net (bool c, float[2] x) => (float[2] y, bool n) "
      "{ n = Not(c) y = If(n) " +
      branches + " }");
  CHECK(read.changes == 1);
  CHECK(ir::print(read.after).starts_with("n = Not(c)\n"));
}

TEST_CASE("eliminate-no-ops gives a reshape the target that the number of elements settles") {
  const std::string chain = "s = Shape(x) n = Gather(s, zero) t = Concat<axis = 0>(n, six) y = Reshape(x, t)";
  CHECK(after("float[n,2,3]", "int64[1] zero = {0}, int64[1] six = {6}", chain)
            .ends_with("y = Reshape(x, t[2])\n"));
  // Two entries are unknown.
  CHECK(run_pass<EliminateNoOps>(
            "net (float[n,m,3] x) => (y) <int64[2] front = {0, 1}, int64[1] six = {3}> "
            "{ s = Shape(x) n = Gather(s, front) t = Concat<axis = 0>(n, six) y = Reshape(x, t) }")
            .changes == 0);
}

TEST_CASE("eliminate-no-ops removes a resize by one") {
  CHECK(after("float[1,1,2,2]", "float[4] s = {1, 1, 1, 1}", "a = Resize(x, , s) y = Neg(a)") ==
        "y = Neg(x)\n");
  CHECK(run_pass<EliminateNoOps>("net (float[1,1,2,2] x) => (y) <float[4] s = {1, 1, 2, 1}> "
                                 "{ a = Resize(x, , s) y = Neg(a) }")
            .changes == 0);
}

TEST_CASE("eliminate-no-ops declines with a reason where an output needs its name") {
  const auto run = run_pass<EliminateNoOps>("net (float[2] x) => (float[2] y) { y = Cast<to = 1>(x) }");
  CHECK(run.changes == 0);
  CHECK(run.skipped == Reasons{"node Cast of 'y': it passes a graph input on to a graph output"});
}

}  // namespace
}  // namespace pith::test
