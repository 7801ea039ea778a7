#include "cli/printable.h"

#include "tests/support/catch.h"

namespace pith::test {

using cli::Newlines, cli::printable;

TEST_CASE("printable: plain text and UTF-8 stay as they are") {
  CHECK(printable("fc1.weight [3,4] größe 重み \xF0\x9F\x98\x80", Newlines::escape) ==
        "fc1.weight [3,4] größe 重み \xF0\x9F\x98\x80");
  CHECK(printable("", Newlines::escape).empty());
  CHECK(printable("two\nlines", Newlines::keep) == "two\nlines");
}

TEST_CASE("printable: what a terminal would obey is escaped") {
  CHECK(printable("\x1b[2Jgone", Newlines::keep) == "\\x1b[2Jgone");
  CHECK(printable("a\rb\tc\x7F", Newlines::keep) == "a\\x0db\\x09c\\x7f");
  CHECK(printable("error:\nok", Newlines::escape) == "error:\\x0aok");
  CHECK(printable("\xC2\x9B"
                  "31m",
                  Newlines::keep) == "\\xc2\\x9b31m");  // C1: another spelling of ESC [
  CHECK(printable(std::string_view("a\0b", 3), Newlines::keep) == "a\\x00b");
}

TEST_CASE("printable: bytes that are no UTF-8 are escaped one by one") {
  CHECK(printable("\xFF\xC3", Newlines::keep) == "\\xff\\xc3");
  CHECK(printable("\xE2\x82", Newlines::keep) == "\\xe2\\x82");
  CHECK(printable("\xC0\xAFx", Newlines::keep) == "\\xc0\\xafx");
}

}  // namespace pith::test
