#include "passes/merge_transposed_constants.h"

#include "ir/print.h"
#include "tests/support/catch.h"
#include "tests/support/pass_test.h"

namespace pith::test {
namespace {

using passes::MergeTransposedConstants;
using Reasons = std::vector<std::string>;

// The text of a constant [rows, columns] of 1, 2, 3, ... or, transposed, of [columns, rows].
std::string constant(const std::string& name, int rows, int columns, bool transposed = false) {
  std::string values;
  for (int i = 0; i < (transposed ? columns : rows); ++i) {
    for (int j = 0; j < (transposed ? rows : columns); ++j) {
      const int number = transposed ? j * columns + i : i * columns + j;
      values += (values.empty() ? "" : ", ") + std::to_string(number % 97);
    }
  }
  const std::string shape = transposed ? std::to_string(columns) + "," + std::to_string(rows)
                                       : std::to_string(rows) + "," + std::to_string(columns);
  return "float[" + shape + "] " + name + " = {" + values + "}";
}

PassRun merge(const std::string& interface, const std::string& nodes, int rows = 20, int columns = 16) {
  return run_pass<MergeTransposedConstants>("net " + interface + " <" + constant("w", rows, columns) + ", " +
                                            constant("v", rows, columns, true) + "> { " + nodes + " }");
}

void check_merged(const PassRun& run, const std::string& text) {
  CHECK(run.changes == 1);
  CHECK(run.skipped.empty());
  CHECK(ir::print(run.after) == text);
  CHECK(largest_difference(run.before, run.after) < 1e-2);  // sums of products of up to 96
  CHECK(run_pass<MergeTransposedConstants>(run.after).changes == 0);
}

TEST_CASE("merge-transposed-constants turns a factor of Gemm, and makes MatMul a Gemm") {
  const std::string in = "(float[2,16] x, int64[1] i) => (e, y)";
  check_merged(merge(in, "e = Gather(w, i) y = Gemm(x, v)"),
               "e = Gather(w[20,16], i)\ny = Gemm(x, w[20,16]) {transB=1}\n");
  check_merged(merge(in, "e = Gather(w, i) y = MatMul(x, v)"),
               "e = Gather(w[20,16], i)\ny = Gemm(x, w[20,16]) {transB=1}\n");
  check_merged(merge("(float[2,20] x, int64[1] i) => (e, y)", "e = Gather(w, i) y = Gemm<transB = 1>(x, v)"),
               "e = Gather(w[20,16], i)\ny = Gemm(x, w[20,16])\n");
  check_merged(merge("(float[20,2] x, int64[1] i) => (e, y)", "e = Gather(w, i) y = Gemm(v, x)"),
               "e = Gather(w[20,16], i)\ny = Gemm(w[20,16], x) {transA=1}\n");
  check_merged(
      merge("(float[2,20] x, int64[1] i) => (e, y)", "e = Gather(w, i) y = Gemm<transB = 1>(x, v)", 20, 20),
      "e = Gather(w[20,20], i)\ny = Gemm(x, w[20,20])\n");
}

TEST_CASE("merge-transposed-constants declines with a reason") {
  const auto batched = merge("(float[3,2,16] x, int64[1] i) => (e, y)", "e = Gather(w, i) y = MatMul(x, v)");
  CHECK(batched.changes == 0);
  CHECK(batched.skipped ==
        Reasons{"tensor 'w': is the transpose of 'v', but node Gather of 'e' reads it as it is"});
}

TEST_CASE("merge-transposed-constants leaves what is small, or no transpose") {
  CHECK(merge("(float[2,4] x, int64[1] i) => (e, y)", "e = Gather(w, i) y = Gemm(x, v)", 5, 4).changes == 0);
  const auto other = run_pass<MergeTransposedConstants>("net (float[2,16] x, int64[1] i) => (e, y) <" +
                                                        constant("w", 20, 16) + ", " + constant("v", 16, 20) +
                                                        "> { e = Gather(w, i) y = Gemm(x, v) }");
  CHECK(other.changes == 0);
  CHECK(other.skipped.empty());
}

}  // namespace
}  // namespace pith::test
