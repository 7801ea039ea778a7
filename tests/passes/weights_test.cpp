#include "passes/weights.h"

#include "tests/support/catch.h"
#include "tests/support/pass_test.h"

namespace pith::test {
namespace {

using passes::PassContext;

// "w along 0 over 1" (its channel and input axes), one a weight, then "skipped: ..." one a refusal.
std::vector<std::string> selected(const ir::Model& model, PassContext context = {}) {
  std::vector<std::string> lines;
  for (const passes::Weight& weight : passes::select_weights(model, context)) {
    lines.push_back(weight.name +
                    (weight.channel_axis ? " along " + std::to_string(*weight.channel_axis) : "") +
                    (weight.input_axis ? " over " + std::to_string(*weight.input_axis) : ""));
  }
  for (const passes::Skipped& skipped : context.take_skipped())
    lines.push_back(skipped.where + ": " + skipped.reason);
  return lines;
}

std::vector<std::string> selected(const std::string& text) {
  return selected(parse_model(text));
}

using Lines = std::vector<std::string>;

TEST_CASE("every linear operator's weight is found, with the axes of its outputs and its inputs") {
  CHECK(selected("net (float[1,2,3,3] x) => (y) <float[1,2,1,1] w = {1, 2}> { y = Conv(x, w) }") ==
        Lines{"w along 0 over 1"});
  CHECK(selected("net (float[1,2,3,3] x) => (y) <float[2,1,1,1] w = {1, 2}> { y = ConvTranspose(x, w) }") ==
        Lines{"w along 1 over 0"});
  CHECK(selected("net (float[2,2] x) => (y) <float[2,1] w = {1, 2}> { y = Gemm(x, w) }") ==
        Lines{"w along 1 over 0"});
  CHECK(selected("net (float[2,2] x) => (y) <float[1,2] w = {1, 2}> { y = Gemm<transB = 1>(x, w) }") ==
        Lines{"w along 0 over 1"});
  CHECK(selected("net (float[2,2] x) => (y) <float[1,2] w = {1, 2}> { y = Gemm(w, x) }") ==
        Lines{"w along 0 over 1"});
  CHECK(selected("net (float[2,2] x) => (y) <float[2,1] w = {1, 2}> { y = Gemm<transA = 1>(w, x) }") ==
        Lines{"w along 1 over 0"});
  CHECK(selected("net (float[1,2] x) => (y) <float[1,2,1] w = {1, 2}> { y = MatMul(x, w) }") ==
        Lines{"w along 2 over 1"});
  CHECK(selected("net (float[2,1] x) => (y) <float[1,1,2] w = {1, 2}> { y = MatMul(w, x) }") ==
        Lines{"w along 1 over 2"});
  CHECK(selected("net (int64[1] i) => (y) <float[2,1] w = {1, 2}> { y = Gather(w, i) }") ==
        Lines{"w along 0 over 1"});
  CHECK(selected("net (int64[1] i) => (y) <float[2,1] w = {1, 2}> { y = Gather<axis = -1>(w, i) }") ==
        Lines{"w along 1 over 0"});
  for (const std::string op : {"LSTM", "GRU", "RNN"}) {
    CHECK(selected("net (float[1,1,1] x) => (y) <float[1,4,1] w = {1, 2, 3, 4}, float[1,4,1] r = {1, 2, 3, "
                   "4}> { y = " +
                   op + "<hidden_size = 1>(x, w, r) }") == Lines{"w along 1 over 2", "r along 1 over 2"});
  }
}

TEST_CASE("readers that agree share an axis, others leave none") {
  CHECK(selected(R"(net (float[2,2] x) => (y, z) <float[2,2] w = {1, 2, 3, 4}>
                    { y = Gemm(x, w) z = MatMul(x, w) })") == Lines{"w along 1 over 0"});
  CHECK(selected(R"(net (float[2,2] x) => (y, z) <float[2,2] w = {1, 2, 3, 4}>
                    { y = Gemm(x, w) z = Gemm<transB = 1>(x, w) })") == Lines{"w"});
}

TEST_CASE("small and whole-number constants are no weights, and not worth a word") {
  CHECK(selected(R"(net (float[2] x) => (y) <float[2] b = {1, 2}, int64[1,2] s = {1, 2}>
                    { t = Add(x, b) y = Reshape(t, s) })")
            .empty());
}

TEST_CASE("every refusal has its reason") {
  CHECK(selected("net (float[1,2] x, float[2,1] w = {1, 2}) => (y) { y = MatMul(x, w) }") ==
        Lines{"tensor 'w': it is a graph input that a caller may override"});
  CHECK(selected("net (float[1,2] x) => (y, float[2,1] w) <float[2,1] w = {1, 2}> { y = MatMul(x, w) }") ==
        Lines{"tensor 'w': it is a graph output"});
  CHECK(selected("net (double[1,2] x) => (y) <double[2,1] w = {1, 2}> { y = MatMul(x, w) }") ==
        Lines{"tensor 'w': its type is float64, and only float32 weights are compressed"});
  CHECK(selected("net (float[1,2] x) => (y) <float[2,1] w = {1, 2}> { y = Relu(x) }") ==
        Lines{"tensor 'w': nothing reads it"});
  CHECK(selected("net (float[1,2] x) => (y) <float[1,2] w = {1, 2}> { y = Add(x, w) }") ==
        Lines{"tensor 'w': node Add of 'y' reads it, which is no weight of a linear operator"});
  CHECK(selected(R"(net (float[1,2] x) => (y, z) <float[2,1] w = {1, 2}>
                    { y = MatMul(x, w) z = Relu(w) })") ==
        Lines{"tensor 'w': node Relu of 'z' reads it, which is no weight of a linear operator"});
}

TEST_CASE("weights of subgraphs are found in their graph") {
  CHECK(selected(R"(net (bool c, float[1,2] x) => (y)
                    { y = If(c) <then_branch = g1 () => (float[1,1] a) <float[2,1] w = {1, 2}> { a = MatMul(x, w) },
                                 else_branch = g2 () => (float[1,2] b) { b = Neg(x) }> })") ==
        Lines{"w along 1 over 0"});
}

TEST_CASE("an operator whose weight has no such axes reads no weight") {
  CHECK(selected("net (int64[1] i) => (y) <float[2,1] w = {1, 2}> { y = Gather<axis = 7>(w, i) }") ==
        Lines{"tensor 'w': node Gather of 'y' reads it, which is no weight of a linear operator"});
  CHECK(selected("net (float[1,2,2] x) => (y) <float[2,1] w = {1, 2}> { y, h = GRU(x, w, w) }") ==
        Lines{"tensor 'w': node GRU of 'y' reads it, which is no weight of a linear operator"});
}

TEST_CASE("a weight that a subgraph captures is judged by what reads it there") {
  const auto captured = [](const std::string& then_branch) {
    return selected(
        "net (bool c, float[2,2] x) => (y) <float[2,2] w = {1, 2, 3, 4}> { y = If(c) <then_branch = " +
        then_branch + ", else_branch = g2 () => (float[2,2] b) { b = MatMul(w, x) }> }");
  };
  CHECK(captured("g1 () => (float[2,2] a) { a = Gemm<transB = 1>(x, w) }") == Lines{"w along 0 over 1"});
  CHECK(captured("g1 () => (float[2,2] a) { a = MatMul(x, w) }") == Lines{"w"});
  CHECK(captured("g1 () => (float[2,2] a) { a = Add(x, w) }") ==
        Lines{"tensor 'w': node Add of 'a' reads it, which is no weight of a linear operator"});
  CHECK(captured("g1 () => (float[2,2] w) { t = Neg(x) }") == Lines{"tensor 'w': a subgraph returns it"});
}

TEST_CASE("the user's patterns select by the name of the tensor or of a node that reads it") {
  const ir::Model model = parse_model(R"(
    net (float[1,2] x) => (y, z)
    <float[2,1] v = {1, 2}, float[2,1] w = {1, 2}>
    { [first] y = MatMul(x, v) [second] z = MatMul(x, w) })");
  const std::string excluded = ": excluded by --include or --exclude";
  PassContext context;
  context.include = {std::regex("^v$")};
  CHECK(selected(model, context) == Lines{"v along 1 over 0", "tensor 'w'" + excluded});
  context.include = {std::regex("second")};
  CHECK(selected(model, context) == Lines{"w along 1 over 0", "tensor 'v'" + excluded});
  context.exclude = {std::regex("second")};
  CHECK(selected(model, context) == Lines{"tensor 'v'" + excluded, "tensor 'w'" + excluded});
}

TEST_CASE("a weight that two nodes share is excluded with either") {
  const ir::Model model = parse_model(R"(
    net (float[1,2] x) => (y, z)
    <float[2,1] w = {1, 2}>
    { [first] y = MatMul(x, w) [second] z = MatMul(x, w) })");
  PassContext context;
  context.include = {std::regex("first")};
  CHECK(selected(model, context) == Lines{"w along 1 over 0"});
  context.include.clear();
  context.exclude = {std::regex("second")};
  CHECK(selected(model, context) == Lines{"tensor 'w': excluded by --include or --exclude"});
}

}  // namespace
}  // namespace pith::test
