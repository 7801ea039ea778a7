#include "passes/fuse_matmul_add.h"

#include "ir/print.h"
#include "tests/support/catch.h"
#include "tests/support/pass_test.h"

namespace pith::test {
namespace {

using passes::FuseMatmulAdd;
using Reasons = std::vector<std::string>;

struct Variant {
  std::string input = "float[2,3] x";
  std::string addend = "float[2] c = {7, -8}";
  std::string nodes = "t = MatMul(x, w) y = Add(t, c)";
  std::string outputs = "y";
  std::string header;

  [[nodiscard]] PassRun run() const {
    return run_pass<FuseMatmulAdd>(header + "net (" + input + ") => (" + outputs +
                                   ") <float[3,2] w = {1, -2, 3, 4, 5, 6}, " + addend + "> { " + nodes +
                                   " }");
  }
};

TEST_CASE("fuse-matmul-add makes a Gemm of a product and an addition") {
  Variant v;
  SECTION("a vector") {}
  SECTION("a row") {
    v.addend = "float[1,2] c = {7, -8}";
  }
  SECTION("one number") {
    v.addend = "float c = {7}";
  }
  SECTION("one number of one axis") {
    v.addend = "float[1] c = {7}";
  }
  SECTION("the addend first") {
    v.nodes = "t = MatMul(x, w) y = Add(c, t)";
  }
  SECTION("rows that callers choose") {
    v.input = "float[n,3] x";
  }
  const auto run = v.run();
  CHECK(run.changes == 1);
  CHECK(run.skipped.empty());
  CHECK(ir::print(run.after).starts_with("y = Gemm(x, w[3,2], c["));
  CHECK(largest_difference(run.before, run.after) < 1e-5);
  CHECK(run_pass<FuseMatmulAdd>(run.after).changes == 0);
}

TEST_CASE("fuse-matmul-add declines with a reason") {
  Variant v;
  std::string reason;
  SECTION("further axes") {
    v.input = "float[5,2,3] x";
    reason = "the factors are not known to be matrices";
  }
  SECTION("a vector") {
    v.input = "float[3] x";
    reason = "the factors are not known to be matrices";
  }
  SECTION("an addend that varies from row to row") {
    v.addend = "float[2,2] c = {1, 2, 3, 4}";
    reason = "the addend is not one row for all";
  }
  SECTION("an addend of more axes") {
    v.addend = "float[1,1,2] c = {1, 2}";
    reason = "the addend is not one row for all";
  }
  SECTION("another reader") {
    v.nodes += " z = Neg(t)";
    v.outputs = "y, z";
    reason = "the product has another reader";
  }
  SECTION("a graph output") {
    v.outputs = "y, t";
    reason = "the product is a graph output";
  }
  const auto run = v.run();
  CHECK(run.changes == 0);
  CHECK(run.skipped == Reasons{"node Add of 'y': " + reason});
}

TEST_CASE("fuse-matmul-add leaves old operator sets alone") {
  Variant v;
  v.header = "<ir_version: 3, opset_import: [\"\" : 6]> ";
  CHECK(v.run().changes == 0);
}

}  // namespace
}  // namespace pith::test
