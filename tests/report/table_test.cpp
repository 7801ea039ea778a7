#include "report/table.h"

#include "tests/support/catch.h"

namespace pith::report {
namespace {

TEST_CASE("table: columns two blanks apart, aligned, without trailing blanks") {
  CHECK(table({{"name", "bytes"}, {"a", "1"}, {"longer", "12,345"}}, {Align::left, Align::right}) ==
        "name     bytes\n"
        "a            1\n"
        "longer  12,345\n");
  CHECK(table({{"a", "b"}, {"", ""}}, {}) == "a  b\n\n");
}

TEST_CASE("table: rows may differ in length, and extra cells go left") {
  CHECK(table({{"a", "bb", "c"}, {"aaa"}, {"a", "b", "ccc", "d"}}, {Align::right}) ==
        "  a  bb  c\n"
        "aaa\n"
        "  a  b   ccc  d\n");
  CHECK(table({}, {}).empty());
}

TEST_CASE("table: width counts code points") {
  CHECK(table({{"größe", "x"}, {"groesse", "y"}}, {}) ==
        "größe    x\n"
        "groesse  y\n");
}

}  // namespace
}  // namespace pith::report
