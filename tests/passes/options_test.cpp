#include "passes/options.h"

#include <limits>

#include "tests/passes/sample_passes.h"
#include "tests/support/catch.h"

namespace pith::test {
namespace {

using passes::parse_options, passes::Setting, passes::settings_of;

struct Refusal {
  std::string message;
  std::string hint;
};

Refusal refusal(const std::vector<Setting>& settings) {
  const auto options = parse_options<SampleOptions>(settings);
  REQUIRE_FALSE(options);
  CHECK(options.error().code() == ErrorCode::usage);
  return {options.error().message(), options.error().hint()};
}

TEST_CASE("options keep their defaults unless they are set") {
  const auto standard = parse_options<SampleOptions>({});
  REQUIRE(standard);
  CHECK(standard->bits == 4);
  const auto set =
      parse_options<SampleOptions>({{"color", "red"}, {"bits", "8"}, {"fast", "true"}, {"share", "0.25"}});
  REQUIRE(set);
  CHECK(set->bits == 8);
  CHECK(set->share == 0.25);
  CHECK(set->fast);
  CHECK(set->color == Color::red);
}

TEST_CASE("settings print in order of declaration and read back") {
  SampleOptions options;
  options.share = 0.1;
  options.color = Color::red;
  const std::vector<Setting> settings = settings_of(options);
  CHECK(settings ==
        std::vector<Setting>{{"bits", "4"}, {"share", "0.1"}, {"fast", "false"}, {"color", "red"}});
  const auto again = parse_options<SampleOptions>(settings);
  REQUIRE(again);
  CHECK(settings_of(*again) == settings);
}

TEST_CASE("numbers print as the shortest text that reads back as the same number") {
  for (const double share : {0.1, 1.0 / 3, 1e-300, std::numeric_limits<double>::denorm_min(), 0.99}) {
    SampleOptions options;
    options.share = share;
    CHECK(parse_options<SampleOptions>(settings_of(options)).value().share == share);
  }
}

TEST_CASE("the ends of a range belong to it") {
  CHECK(parse_options<SampleOptions>({{"bits", "1"}, {"share", "0"}}));
  CHECK(parse_options<SampleOptions>({{"bits", "8"}, {"share", "0.99"}}));
  CHECK(refusal({{"bits", "0"}}).message == "option 'bits': 0 is outside of 1..8");
  CHECK(refusal({{"bits", "9"}}).message == "option 'bits': 9 is outside of 1..8");
  CHECK(refusal({{"bits", "4294967300"}}).message == "option 'bits': 4294967300 is outside of 1..8");
  CHECK(refusal({{"share", "0.991"}}).message == "option 'share': 0.991 is outside of 0..0.99");
  CHECK(refusal({{"share", "-0.1"}}).message == "option 'share': -0.1 is outside of 0..0.99");
  CHECK(refusal({{"share", "nan"}}).message == "option 'share': nan is outside of 0..0.99");
  CHECK(refusal({{"share", "inf"}}).message == "option 'share': inf is outside of 0..0.99");
}

TEST_CASE("values of another type are refused") {
  CHECK(refusal({{"bits", "4.5"}}).message == "option 'bits': '4.5' is not an integer");
  CHECK(refusal({{"bits", ""}}).message == "option 'bits': '' is not an integer");
  CHECK(refusal({{"bits", "99999999999999999999"}}).message ==
        "option 'bits': '99999999999999999999' is not an integer");
  CHECK(refusal({{"share", "half"}}).message == "option 'share': 'half' is not a number");
  CHECK(refusal({{"share", "0,5"}}).message == "option 'share': '0,5' is not a number");
  CHECK(refusal({{"fast", "yes"}}).message == "option 'fast': 'yes' is not true or false");
}

TEST_CASE("unknown words name the nearest known one") {
  const Refusal key = refusal({{"bitts", "4"}});
  CHECK(key.message == "unknown option 'bitts'");
  CHECK(key.hint == "did you mean 'bits'?");
  const Refusal value = refusal({{"color", "gren"}});
  CHECK(value.message == "option 'color': unknown value 'gren'");
  CHECK(value.hint == "did you mean 'green'?");
  const auto none = parse_options<passes::NoOptions>({{"bits", "4"}});
  REQUIRE_FALSE(none);
  CHECK(none.error().hint() == "the pass has no options");
}

TEST_CASE("an option is given once") {
  CHECK(refusal({{"bits", "4"}, {"fast", "true"}, {"bits", "4"}}).message == "option 'bits' is given twice");
}

TEST_CASE("a description holds what the documentation says") {
  const auto infos = passes::describe_options<SampleOptions>();
  REQUIRE(infos.size() == 4);
  CHECK(infos[0].name == "bits");
  CHECK(infos[0].help == "bits of a code");
  CHECK(infos[0].type == "integer");
  CHECK(infos[0].range == "1..8");
  CHECK(infos[0].standard == "4");
  CHECK(infos[1].type == "number");
  CHECK(infos[2].type == "true or false");
  CHECK(infos[3].type == "choice");
  CHECK(infos[3].range == "red|green");
  CHECK(infos[3].standard == "green");
}

}  // namespace
}  // namespace pith::test
