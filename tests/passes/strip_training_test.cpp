#include "passes/strip_training.h"

#include "ir/print.h"
#include "tests/support/catch.h"
#include "tests/support/pass_test.h"

namespace pith::test {
namespace {

using passes::StripTraining;
using Reasons = std::vector<std::string>;

TEST_CASE("strip-training removes results that nothing reads") {
  const auto run = run_pass<StripTraining>(R"(
    net (float[2,3] x, float[1,1,4] p) => (float[2,3] y, float[1,1,2] q)
    <float[3] s = {1, 2, 3}>
    {
      a, mask = Dropout(x)
      y, mean, deviation = LayerNormalization(a, s)
      q, places = MaxPool<kernel_shape = [2], strides = [2]>(p)
    })");
  CHECK(run.changes == 4);
  CHECK(run.skipped.empty());
  CHECK(ir::print(run.after) ==
        "a = Dropout(x)\ny = LayerNormalization(a, s[3])\nq = MaxPool(p) {kernel_shape=[2] strides=[2]}\n");
  CHECK(run_pass<StripTraining>(run.after).changes == 0);
  CHECK(largest_difference(run.before, run.after) == 0);
}

TEST_CASE("strip-training keeps results that are read, and the place of those after them") {
  const auto run = run_pass<StripTraining>(R"(
    net (float[2,3] x) => (float[2,3] y, float[2,1] d, bool[2,3] mask)
    <float[3] s = {1, 2, 3}>
    {
      a, mask = Dropout(x)
      y, mean, d = LayerNormalization(a, s)
    })");
  CHECK(run.changes == 1);
  CHECK(ir::print(run.after) == "a, mask = Dropout(x)\ny, , d = LayerNormalization(a, s[3])\n");
  CHECK(largest_difference(run.before, run.after) == 0);
}

const std::string kNorm =
    "net (float[2,2,3] x) => (float[2,2,3] y) <float[2] one = {1, 1}, bool yes = {1}, float r = {0.5}> { ";

void check_training(const std::string& header, const std::string& nodes, const std::string& reason) {
  const auto run = run_pass<StripTraining>(header + kNorm + nodes + " }");
  CHECK(run.changes == 0);
  CHECK(run.skipped == Reasons{reason});
}

TEST_CASE("strip-training names what computes as in training") {
  const std::string norm =
      "node BatchNormalization of 'y': it normalizes by the statistics of the batch, as in training; export "
      "the "
      "model for inference";
  const std::string dropout =
      "node Dropout of 'y': it may drop values at random, as in training; export the model for inference";
  check_training("", "y, m, v = BatchNormalization<training_mode = 1>(x, one, one, one, one)", norm);
  check_training("<ir_version: 4, opset_import: [\"\" : 9]> ",
                 "y, m, v, n, w = BatchNormalization(x, one, one, one, one)", norm);
  check_training("<ir_version: 3, opset_import: [\"\" : 6]> ",
                 "y = BatchNormalization(x, one, one, one, one)", norm);
  check_training("", "y = Dropout(x, r, yes)", dropout);
  check_training("<ir_version: 3, opset_import: [\"\" : 6]> ", "y = Dropout(x)", dropout);
}

TEST_CASE("strip-training says nothing of what computes as at inference") {
  const auto run =
      run_pass<StripTraining>(kNorm + "t = BatchNormalization(x, one, one, one, one) y = Dropout(t, r) }");
  CHECK(run.changes == 0);
  CHECK(run.skipped.empty());
}

}  // namespace
}  // namespace pith::test
