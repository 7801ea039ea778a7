#include "loader/text.h"

#include <string>

#include "tests/support/catch.h"

namespace pith::loader {
namespace {

TEST_CASE("well-formed UTF-8 is clean") {
  CHECK(is_clean_utf8(""));
  CHECK(is_clean_utf8("layer1.0/conv1.weight"));
  CHECK(is_clean_utf8(
      "\xC2\x80 \xDF\xBF \xE0\xA0\x80 \xED\x9F\xBF \xEE\x80\x80 \xF0\x90\x80\x80 \xF4\x8F\xBF\xBF"));
}

TEST_CASE("what is not UTF-8, and NUL, is refused") {
  CHECK_FALSE(is_clean_utf8(std::string("a\0b", 3)));
  for (const char* text :
       {"\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xC2", "\xC2\x41", "\xE0\x9F\xBF", "\xE2\x82",
        "\xED\xA0\x80", "\xED\xBF\xBF", "\xF0\x8F\xBF\xBF", "\xF0\x90\x80", "\xF4\x90\x80\x80",
        "\xF5\x80\x80\x80", "\xFF", "\xE2\x28\xA1", "\xF0\x28\x8C\xBC"}) {
    CHECK_FALSE(is_clean_utf8(text));
    CHECK_FALSE(is_clean_utf8(std::string("good ") + text));
  }
}

}  // namespace
}  // namespace pith::loader
