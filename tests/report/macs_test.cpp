// Multiply-accumulates worked out by hand.
#include "report/macs.h"

#include "tests/support/catch.h"
#include "tests/support/pass_test.h"

namespace pith::report {
namespace {

using Names = std::set<std::string>;

MacCount macs(const std::string& text) {
  return count_macs(test::parse_model(text));
}

TEST_CASE("macs: each operator") {
  struct Case {
    std::string text;
    std::uint64_t total;
  };
  const std::vector<Case> cases{
      // 2 x 8 x 4 x 4 outputs, each of 3 / 1 channels x 3 x 3.
      {"net (float[2,3,6,6] x, float[8,3,3,3] w) => (float[2,8,4,4] y) { y = Conv(x, w) }", 2 * 8 * 16 * 27},
      {"net (float[1,4,5,5] x, float[4,1,3,3] w) => (float[1,4,3,3] y) { y = Conv<group=4>(x, w) }",
       4 * 9 * 9},
      // 4 x 3 x 3 inputs, each into 2 channels x 2 x 2.
      {"net (float[1,4,3,3] x, float[4,2,2,2] w) => (float[1,2,4,4] y) { y = ConvTranspose(x, w) }",
       4 * 9 * 8},
      {"net (float[5,7] x, float[7,3] w) => (float[5,3] y) { y = Gemm(x, w) }", 5 * 7 * 3},
      {"net (float[7,5] x, float[3,7] w) => (float[5,3] y) { y = Gemm<transA=1, transB=1>(x, w) }",
       5 * 7 * 3},
      {"net (float[5,7] x, float[7,3] w) => (float[5,3] y) { y = MatMul(x, w) }", 5 * 7 * 3},
      {"net (float[2,4,5,7] x, float[4,7,3] w) => (float[2,4,5,3] y) { y = MatMul(x, w) }", 8 * 5 * 7 * 3},
      {"net (float[7] x, float[7] w) => (float y) { y = MatMul(x, w) }", 7},
      {"net (uint8[5,7] x, uint8[7,3] w) => (int32[5,3] y) { y = MatMulInteger(x, w) }", 5 * 7 * 3},
      {"net (float[2,5,7] a, float[2,9,7] b) => (float[2,5,9] y) "
       "{ y = Einsum<equation=\"bij,bkj->bik\">(a, b) }",
       2 * 5 * 7 * 9},
      {"net (float[5,7] a, float[7,9] b) => (float[5,9] y) { y = Einsum<equation=\"ij, jk\">(a, b) }",
       5 * 7 * 9},
      // Nothing is summed.
      {"net (float[5,7] a, float[5,7] b) => (float[5,7] y) { y = Einsum<equation=\"ij,ij->ij\">(a, b) }", 0},
      // 6 steps x 2 x (4 x 5) gates x (3 inputs + 5 states).
      {"net (float[6,2,3] x, float[1,20,3] w, float[1,20,5] r) => (float[6,1,2,5] y) "
       "{ y = LSTM<hidden_size=5>(x, w, r) }",
       6 * 2 * 20 * (3 + 5)},
      {"net (float[6,2,3] x, float[2,15,3] w, float[2,15,5] r) => (float[6,2,2,5] y) "
       "{ y = GRU<hidden_size=5, direction=\"bidirectional\">(x, w, r) }",
       6 * 2 * 2 * 15 * (3 + 5)},
      {"<ir_version: 11, opset_import: [\"\" : 23]> net (float[2,4,6,8] q, float[2,4,9,8] k, float[2,4,9,3] "
       "v) "
       "=> (float[2,4,6,3] y) { y = Attention(q, k, v) }",
       2 * 4 * 6 * 9 * (8 + 3)},
      {"<ir_version: 11, opset_import: [\"\" : 23]> net (float[2,6,32] q, float[2,9,16] k, float[2,9,6] v) "
       "=> (float[2,6,12] y) { y = Attention<q_num_heads=4, kv_num_heads=2>(q, k, v) }",
       2 * 6 * 9 * (32 + 3 * 4)},
      {"<ir_version: 8, opset_import: [\"\" : 17, \"com.microsoft\" : 1]> net (float[5,64] x, uint8[3,2,16] "
       "w, "
       "float[6] s) => (float[5,3] y) { y = com.microsoft.MatMulNBits<K=64, N=3, bits=4, block_size=32>"
       "(x, w, s) }",
       5 * 64 * 3},
      {"net (float[5,7] x) => (float[5,7] y) { y = Relu(x) }", 0}};
  for (const Case& each : cases) {
    CAPTURE(each.text);
    const MacCount count = macs(each.text);
    CHECK(count.total == each.total);
    CHECK(count.nodes == (each.total > 0 ? 1U : 0U));
    CHECK(count.unknown_nodes == 0);
    CHECK(count.ones == Names{});
  }
}

TEST_CASE("macs: shapes are inferred through other operators") {
  const MacCount count = macs(
      "net (float[1,3,8,8] x, float[4,3,3,3] a, float[16,5] b) => (float[1,5] y) "
      "{ c = Conv<pads=[1,1,1,1]>(x, a) r = Relu(c) p = MaxPool<kernel_shape=[4,4], strides=[4,4]>(r) "
      "f = Flatten(p) y = Gemm(f, b) }");
  CHECK(count.total == 4 * 64 * 27 + 16 * 5);
  CHECK(count.by_node.size() == 2);
}

TEST_CASE("macs: symbols count as 1, and are named") {
  const MacCount count = macs("net (float[N,L,8] x, float[8,3] w) => (float[N,L,3] y) { y = MatMul(x, w) }");
  CHECK(count.total == 24);
  CHECK(count.ones == Names{"L", "N"});
  // Symbols of nodes that multiply nothing do not matter.
  CHECK(macs("net (float[N,8] x) => (float[N,8] y) { y = Relu(x) }").ones == Names{});
}

TEST_CASE("macs: what is not known is counted, not guessed") {
  // How many rows are not zero, only the values tell.
  const MacCount data = macs(
      "net (float[8] x, float[8,3] w) => (float[A,B] y) "
      "{ i = NonZero(x) f = Cast<to=1>(i) t = Transpose(f) z = Gemm<transB=1>(f, t) y = Add(z, z) }");
  CHECK(data.total == 0);
  CHECK(data.unknown_nodes == 1);
  const MacCount foreign = macs(
      "<ir_version: 8, opset_import: [\"\" : 17, \"some.where\" : 1]> net (float[5,7] x, float[7,3] w) => "
      "(float[5,3] y) { a = some.where.Mix(x) y = MatMul(x, w) }");
  CHECK(foreign.total == 5 * 7 * 3);
  CHECK(foreign.nodes == 1);
  CHECK(foreign.unknown_nodes == 1);
  const MacCount dots = macs(
      "net (float[2,5,7] a, float[2,7,3] b) => (float[2,5,3] y) "
      "{ y = Einsum<equation=\"...ij,...jk->...ik\">(a, b) }");
  CHECK(dots.unknown_nodes == 1);
}

TEST_CASE("macs: bodies count once, with the shapes of what they capture") {
  const MacCount count = macs(
      "net (bool c, float[5,7] x, float[7,3] w) => (float[5,3] y) { y = If(c) <"
      "then_branch = t () => (float[5,3] a) { a = MatMul(x, w) }, "
      "else_branch = e () => (float[5,3] b) { d = MatMul(x, w) b = Neg(d) }> }");
  CHECK(count.total == 2 * 5 * 7 * 3);
  CHECK(count.in_subgraphs == 2);
  CHECK(count.unknown_nodes == 0);
}

TEST_CASE("macs: shapes too large to multiply") {
  const std::string most = "3037000500";
  const MacCount count = macs("net (float[" + most + "," + most + "] x, float[" + most + "," + most +
                              "] w) => (float[A,B] y) { y = MatMul(x, w) }");
  CHECK(count.unknown_nodes == 1);
  CHECK(count.total == 0);
}

}  // namespace
}  // namespace pith::report
