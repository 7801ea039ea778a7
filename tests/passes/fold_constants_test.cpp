#include "passes/fold_constants.h"

#include "ir/print.h"
#include "ir/rewriter.h"
#include "tests/support/catch.h"
#include "tests/support/pass_test.h"

namespace pith::test {
namespace {

using passes::FoldConstants;
using Reasons = std::vector<std::string>;

PassRun fold(std::string_view text, FoldConstants::Options options = {}) {
  return run_pass<FoldConstants>(parse_model(text), options, computing());
}

// Twice is once, and the numbers are the same bits (up to rounding where a product reads them, because the
// runtime multiplies with constants in another way); returns the model after.
std::string settled(const PassRun& run, double tolerance = 0) {
  CHECK(run_pass<FoldConstants>(run.after, {}, computing()).changes == 0);
  CHECK(largest_difference(run.before, run.after) <= tolerance);
  return ir::print(run.after);
}

TEST_CASE("fold-constants computes chains of constants and removes what they were made of") {
  const auto run = fold(R"(
    net (float[1,4] x) => (float[2,2] y)
    <int64[2] a = {1, 1}, int64[1] b = {3}, int64 zero = {0}>
    {
      c = Add(a, a)
      d = Gather(c, zero)
      e = Mul(c, c)
      f = Sub(e, a)
      g = Sub(f, a)
      y = Reshape(x, g)
    })");
  CHECK(run.changes == 5);
  CHECK(run.skipped.empty());
  CHECK(settled(run) == "y = Reshape(x, g[2])\n");
  CHECK(run.after.graph().values().size() == 4);  // x, y, g, and b that nothing ever read
}

TEST_CASE("fold-constants tells shapes from declared types without a runtime") {
  const auto run = run_pass<FoldConstants>(parse_model(R"(
    net (float[2,n,4] x, float[6] z) => (int64[6] p, int64[6] q, int64[1] c, int64[6] r, int64[6] u, int64[3] f)
    <int64[1] last = {-1}, int64 first = {0}, int64[1] two = {2}, int64[1] far = {99}>
    {
      shape = Shape(x)
      a = Gather(shape, last)
      b = Gather(shape, first)
      t = Shape<start = -1>(x)
      c = Add(t, t)
      d = Slice(shape, two, far)
      e = Size(shape)
      f = Shape(x)
      k = Cast<to = 7>(z)
      p = Add(k, a)
      q = Add(k, b)
      r = Add(k, d)
      u = Add(k, e)
    })"));
  CHECK(run.changes == 5);
  CHECK(run.skipped == Reasons{"model: constants are not folded: there is nothing to compute with"});
  CHECK(ir::print(run.after) ==
        "shape = Shape(x)\nc = Add(t[1], t[1])\nf = Shape(x)\nk = Cast(z) {to=7}\np = Add(k, a[1])\n"
        "q = Add(k, b[])\nr = Add(k, d[1])\nu = Add(k, e[])\n");
  CHECK(largest_difference(run.before, run.after) == 0);
}

TEST_CASE("fold-constants leaves a node that takes less room than its result") {
  const auto run = fold("net (float[1] x) => (float[4] y) <float[4] a = {1, 2, 3, 4}> { y = Abs(a) }");
  CHECK(run.changes == 0);
  CHECK(run.skipped == Reasons{"node Abs of 'y': its result of 16 bytes would take more room than it frees"});
}

TEST_CASE("fold-constants follows the numbers of a shape through a chain, some of them unknown") {
  const auto run = run_pass<FoldConstants>(parse_model(R"(
    net (float[2,n,4] x) => (int64[3] a, int32[1] b)
    <int64 first = {0}, int64 last = {-1}, int64[1] axis = {0}, int64[1] nine = {9}, int64[2] ends = {0, 2}>
    {
      s = Shape(x)
      t = Gather(s, ends)
      u = Concat<axis = 0>(t, nine)
      a = Identity(u)
      v = Gather(s, first)
      w = Unsqueeze(v, axis)
      b = Cast<to = 6>(w)
      unknown = Concat<axis = 0>(s, nine)
    })"));
  CHECK(run.skipped.empty());
  CHECK(ir::print(run.after) == "s = Shape(x)\nunknown = Concat(s, nine[1]) {axis=0}\n");
  CHECK(largest_difference(run.before, run.after) == 0);
}

TEST_CASE("fold-constants leaves a shape that callers decide") {
  const auto run = fold(R"(
    net (float[2,n,4] x) => (int64[1] a, int64[2] b, int64 c)
    <int64[1] middle = {1}, int64[1] one = {1}, int64[1] three = {3}>
    {
      s = Shape(x)
      a = Gather(s, middle)
      b = Slice(s, one, three)
      c = Size(x)
    })");
  CHECK(run.changes == 0);
  CHECK(run.skipped.empty());
}

TEST_CASE("fold-constants works in subgraphs, on what they capture too") {
  const auto run = fold(R"(
    net (bool condition, float[2] x) => (float[2] y)
    <float[2] a = {1, 2}>
    {
      b = Add(a, a)
      y = If(condition) <
        then_branch = g1 () => (float[2] c) { d = Mul(b, a) c = Add(d, x) },
        else_branch = g2 () => (float[2] e) { f = Neg(b) e = Abs(f) }
      >
    })");
  CHECK(run.changes == 4);
  settled(run);
  CHECK(run.after.graph().nodes().size() == 1);
}

TEST_CASE("fold-constants stores a weight in its new form, and not beside the old one") {
  SECTION("a weight that nothing else reads") {
    const auto run = fold(R"(
      net (float[1,4] x) => (float[1,4] y) <float[4,4] w = {1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16}>
      { t = Transpose(w) y = MatMul(x, t) })",
                          {.max_growth = 0});
    CHECK(run.changes == 1);
    CHECK(settled(run, 1e-5) == "y = MatMul(x, t[4,4])\n");
  }
  SECTION("a weight that something else reads") {
    const auto run = fold(R"(
      net (float[1,4] x) => (float[1,4] y, float[1,4] z) <float[4,4] w = {1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16}>
      { t = Transpose(w) y = MatMul(x, t) z = MatMul(x, w) })",
                          {.max_growth = 63});
    CHECK(run.changes == 0);
    CHECK(run.skipped ==
          Reasons{"node Transpose of 't': its result of 64 bytes would take more room than it frees"});
  }
  SECTION("a weight cut and joined again") {
    const auto run = fold(R"(
      net (float[1,4] x) => (float[1,4] y)
      <float[4,4] w = {1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16}, int64[1] zero = {0}, int64[1] two = {2},
       int64[1] four = {4}>
      {
        a = Slice(w, zero, two)
        b = Slice(w, two, four)
        t = Concat<axis = 0>(b, a)
        y = MatMul(x, t)
      })",
                          {.max_growth = 0});
    CHECK(run.changes == 3);
    CHECK(settled(run, 1e-5) == "y = MatMul(x, t[4,4])\n");
  }
  SECTION("a weight that would be widened") {
    const auto run = fold(R"(
      net (float[1,4] x) => (float[1,4] y)
      <float16[4,4] w = {1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16}>
      { t = Cast<to = 1>(w) y = MatMul(x, t) })",
                          {.max_growth = 0});
    CHECK(run.changes == 0);
    CHECK(run.skipped ==
          Reasons{"node Cast of 't': its result of 64 bytes would take more room than it frees"});
  }
}

void check_declined(const std::string& constants, const std::string& nodes, const Reasons& reasons,
                    const std::string& header = "") {
  const auto run = fold(header + "net (float[1] x) => (float y) <" + constants + "> { " + nodes + " }");
  CHECK(run.changes == 0);
  CHECK(run.skipped == reasons);
}

TEST_CASE("fold-constants declines with a reason") {
  SECTION("operators that are not deterministic") {
    check_declined("float[2] a = {1, 2}", "y = RandomUniformLike(a)",
                   {"node RandomUniformLike of 'y': RandomUniformLike is not folded"});
  }
  SECTION("dequantized weights") {
    check_declined("int8[2] a = {1, 2}, float s = {0.5}", "y = DequantizeLinear(a, s)",
                   {"node DequantizeLinear of 'y': DequantizeLinear is not folded"});
  }
  SECTION("several results") {
    check_declined("float[2] a = {1, 2}", "y, z = Split(a)", {"node Split of 'y': Split is not folded"});
  }
  SECTION("inputs that the runtime refuses") {
    const auto run = fold(R"(net (float[1] x) => (float[2] y, float[1] z)
      <float[2] a = {1, 2}, int64[1] i = {7}, float[1] b = {4}>
      { y = Gather(a, i) s = Sqrt(b) z = Add(x, s) })");
    CHECK(run.changes == 1);  // its neighbour in the same round is folded
    REQUIRE(run.skipped.size() == 1);
    CHECK(run.skipped[0].starts_with("node Gather of 'y': "));
  }
  SECTION("a division that the processor would trap on") {
    check_declined("int64[2] a = {1, 2}, int64[2] b = {0, 2}", "y = Div(a, b)",
                   {"node Div of 'y': it may divide by zero"});
    check_declined("int64[1] a = {-9223372036854775808}, int64[1] b = {-1}", "y = Mod(a, b)",
                   {"node Mod of 'y': it may divide by zero"});
  }
  SECTION("elements smaller than a byte") {
    check_declined("float[2] a = {1, 2}", "t = Cast<to = 22>(a) y = Cast<to = 1>(t)",
                   {"node Cast of 't': its elements are smaller than a byte"},
                   "<ir_version: 10, opset_import: [\"\" : 21]> ");
  }
  SECTION("another broadcasting") {
    check_declined("float[1] a = {1}", "y = Add(a, a)",
                   {"node Add of 'y': before opset 7 it broadcasts in another way"},
                   "<ir_version: 3, opset_import: [\"\" : 6]> ");
  }
}

TEST_CASE("fold-constants leaves the matrices of a recurrent operator to the runtime") {
  const auto run = fold(R"(
    net (float[2,1,2] x) => (float[2,1,1,1] y)
    <float[1,2] w = {1, 2}, float[1,1] r = {3}, float[2] b = {4, 5}, int64[1] front = {0}>
    {
      w3 = Unsqueeze(w, front)
      r3 = Unsqueeze(r, front)
      b3 = Unsqueeze(b, front)
      y = RNN<hidden_size = 1>(x, w3, r3, b3)
    })");
  CHECK(run.changes == 1);  // the bias
  CHECK(run.skipped ==
        Reasons{"node Unsqueeze of 'w3': a recurrent operator reads it, and its results would change",
                "node Unsqueeze of 'r3': a recurrent operator reads it, and its results would change"});
}

TEST_CASE("fold-constants computes nothing that is much larger than what it is made of") {
  const auto too_large = [](const std::string& bytes, const std::string& inputs) {
    return "its result would have " + bytes + " bytes, its inputs have " + inputs;
  };
  SECTION("ConstantOfShape") {
    check_declined("int64[2] s = {100000, 100000}", "y = ConstantOfShape(s)",
                   {"node ConstantOfShape of 'y': " + too_large("40000000000", "16")});
    check_declined("int64[3] s = {4000000000, 4000000000, 4000000000}", "y = ConstantOfShape(s)",
                   {"node ConstantOfShape of 'y': its result has a shape that cannot be"});
    check_declined("int64[1] s = {-4}", "y = ConstantOfShape(s)",
                   {"node ConstantOfShape of 'y': its result has a shape that cannot be"});
  }
  SECTION("Expand") {
    check_declined("float[1] a = {1}, int64[2] s = {100000, 100000}", "y = Expand(a, s)",
                   {"node Expand of 'y': " + too_large("40000000000", "20")});
  }
  SECTION("Tile") {
    check_declined("float[1] a = {1}, int64[1] s = {10000000000}", "y = Tile(a, s)",
                   {"node Tile of 'y': " + too_large("40000000000", "12")});
    check_declined("float[2] a = {1, 1}, int64[1] s = {9223372036854775807}", "y = Tile(a, s)",
                   {"node Tile of 'y': its result has no size"});
  }
  SECTION("Range") {
    check_declined("int64 a = {0}, int64 b = {10000000000}, int64 c = {1}", "y = Range(a, b, c)",
                   {"node Range of 'y': " + too_large("80000000008", "24")});
    check_declined("int64 a = {0}, int64 b = {1}, int64 c = {0}", "y = Range(a, b, c)",
                   {"node Range of 'y': its step is zero"});
    check_declined("float a = {0}, float b = {1e30}, float c = {1}", "y = Range(a, b, c)",
                   {"node Range of 'y': its result has a shape that cannot be"});
  }
  SECTION("Pad") {
    check_declined("float[1] a = {1}, int64[2] p = {0, 10000000000}", "y = Pad(a, p)",
                   {"node Pad of 'y': " + too_large("40000000004", "20")});
  }
  SECTION("OneHot") {
    check_declined("int64[1] a = {1}, int64 d = {10000000000}, float[2] v = {0, 1}", "y = OneHot(a, d, v)",
                   {"node OneHot of 'y': " + too_large("40000000000", "24")});
  }
  SECTION("a product of vectors as matrices") {
    std::string ones = "1";
    for (int i = 1; i < 300; ++i) ones += ", 1";
    check_declined("float[300,1] a = {" + ones + "}, float[1,300] b = {" + ones + "}", "y = MatMul(a, b)",
                   {"node MatMul of 'y': " + too_large("360000", "2400")});
  }
  SECTION("Resize") {
    check_declined("float[1] a = {1}, float[1] s = {10000}, float[0] none = {}", "y = Resize(a, none, s)",
                   {"node Resize of 'y': Resize is not folded"});
  }
}

TEST_CASE("fold-constants computes no more than it was told") {
  const auto run = fold(R"(
    net (float[1] x) => (float[300000] y) <int64[1] s = {65536}>
    {
      a = ConstantOfShape(s)
      y = Sigmoid(a)
    })",
                        {.max_growth = 1 << 30, .max_megabytes = 1});
  // 256 KiB are more than the 64 KiB that are always computed.
  CHECK(run.changes == 0);
}

TEST_CASE("fold-constants leaves compressed constants alone") {
  ir::Model model = parse_model(
      "net (float[1,2] x) => (float[1,2] y) <float[2,2] w = {1, 2, 3, 4}>"
      "{ t = Transpose(w) y = MatMul(x, t) }");
  for (const ir::ValueId id : model.graph().values()) {
    if (model.graph().value(id).name != "w") continue;
    ir::Constant sparse = *model.graph().constant(id);
    sparse.form = ir::Sparse{ir::Tensor::of<std::int64_t>({1}, {1}), ir::Tensor::of<float>({1}, {5})};
    ir::Rewriter(model).set_constant(id, sparse);
  }
  CHECK(run_pass<FoldConstants>(model, {}, computing()).changes == 0);
}

}  // namespace
}  // namespace pith::test
