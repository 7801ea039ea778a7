#include "passes/report_interface.h"

#include "tests/support/catch.h"
#include "tests/support/pass_test.h"

namespace pith::test {
namespace {

using passes::ReportInterface;
using Reasons = std::vector<std::string>;

TEST_CASE("report-interface names what carries no information, and changes nothing") {
  const auto run = run_pass<ReportInterface>(R"(
    net (float[2] x, float[2] unread) => (float[2] y, float[2] same, float[2] given, float[2] fixed)
    <float[2] c = {1, 2}>
    {
      y = Neg(x)
      t = Identity(y)
      same = Identity(t)
      given = Identity(x)
      fixed = Identity(c)
    })");
  CHECK(run.changes == 0);
  CHECK(run.skipped ==
        Reasons{"tensor 'unread': nothing reads this graph input; it stays because callers may name it",
                "tensor 'same': this graph output equals 'y'",
                "tensor 'given': this graph output is the input 'x'",
                "tensor 'fixed': this graph output is a constant; it stays because callers may name it"});
}

TEST_CASE("report-interface says nothing of a tidy interface") {
  const auto run =
      run_pass<ReportInterface>("net (float[2] x) => (float[2] y, float[2] z) { y = Neg(x) z = Abs(x) }");
  CHECK(run.changes == 0);
  CHECK(run.skipped.empty());
}

}  // namespace
}  // namespace pith::test
