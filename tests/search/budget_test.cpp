#include "search/budget.h"

#include "tests/support/catch.h"

namespace pith::search {
namespace {

Budget budget(std::string_view text) {
  const auto parsed = Budget::parse(text);
  REQUIRE(parsed);
  return *parsed;
}

TEST_CASE("budget: what is written is what is meant") {
  CHECK(budget("drop=0.5pt").kind == Budget::Kind::drop);
  CHECK(budget("drop=0.5pt").limit == 0.005);
  CHECK(budget("drop=0.5").limit == 0.5);
  CHECK(budget("drop=1%").relative);
  CHECK(budget("metric>=0.89").limit == 0.89);
  CHECK(budget("size=5MB").limit == 5e6);
  CHECK(budget("size=1.5MiB").limit == 1572864);
  CHECK(budget("size=1000").limit == 1000);
  CHECK(budget("ratio=20x").limit == 20);
}

TEST_CASE("budget: refusals name the text and what to write") {
  for (const std::string_view text :
       {"drop", "drop=", "drop=x", "drop=-1pt", "drop=nan", "drop=1kg", "drop>=1pt", "metric=0.5",
        "metric>=50%", "size=5XB", "ratio=2y", "latency=1", "=1", ""}) {
    CAPTURE(text);
    const auto parsed = Budget::parse(text);
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().code() == ErrorCode::usage);
    CHECK(parsed.error().message().find(text) != std::string::npos);
    CHECK_FALSE(parsed.error().hint().empty());
  }
  CHECK(Budget::parse("dorp=1pt").error().hint() == "did you mean 'drop'?");
}

TEST_CASE("budget: a drop is a loss in the direction that is worse") {
  Cost cost{.bytes = 100, .original_bytes = 1000, .metric = 0.895, .original_metric = 0.9};
  CHECK(holds(budget("drop=0.5pt"), cost));
  CHECK_FALSE(holds(budget("drop=0.4pt"), cost));
  CHECK(holds(budget("drop=1%"), cost));
  CHECK_FALSE(holds(budget("drop=0.5%"), cost));
  CHECK(holds(budget("metric>=0.895"), cost));
  CHECK_FALSE(holds(budget("metric>=0.9"), cost));
  cost = {
      .bytes = 100, .original_bytes = 1000, .metric = 1.2, .original_metric = 1, .higher_is_better = false};
  CHECK(holds(budget("drop=20%"), cost));
  CHECK_FALSE(holds(budget("drop=0.1"), cost));
  CHECK(holds(budget("metric>=1.5"), cost));
  CHECK(holds(budget("size=100"), cost));
  CHECK_FALSE(holds(budget("size=99"), cost));
  CHECK(holds(budget("ratio=10x"), cost));
  CHECK_FALSE(holds(budget("ratio=10.1x"), cost));
}

}  // namespace
}  // namespace pith::search
