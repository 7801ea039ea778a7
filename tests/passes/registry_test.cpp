#include "passes/registry.h"

#include "passes/list.h"
#include "tests/passes/sample_passes.h"
#include "tests/support/catch.h"

namespace pith::test {
namespace {

TEST_CASE("the passes of this folder are there, in order of name") {
  passes::PassRegistry registry;
  passes::add_passes(registry);
  std::vector<std::string_view> names;
  for (const auto& entry : registry.entries()) names.push_back(entry.info.name);
  CHECK(names == std::vector<std::string_view>{
                     "eliminate-common-subexpressions", "eliminate-identity", "eliminate-no-ops",
                     "fold-batch-norm", "fold-constants", "fold-scales", "fuse-matmul-add",
                     "inline-constant-branches", "merge-equal-constants", "merge-transposed-constants",
                     "remove-dead-values", "report-interface", "strip-documentation", "strip-training"});
}

TEST_CASE("a pass is made with its options") {
  passes::PassRegistry registry;
  registry.add<SamplePass>();
  const auto entry = registry.find("sample");
  REQUIRE(entry);
  CHECK((*entry)->options.size() == 4);
  const auto pass = (*entry)->make({{"bits", "2"}});
  REQUIRE(pass);
  CHECK((*pass)->info().name == "sample");
  CHECK((*pass)->settings()[0].value == "2");
  CHECK_FALSE((*entry)->make({{"bits", "20"}}));
}

TEST_CASE("an unknown pass names the nearest one") {
  passes::PassRegistry registry;
  passes::add_passes(registry);
  const auto entry = registry.find("fold-batchnorm");
  REQUIRE_FALSE(entry);
  CHECK(entry.error().code() == ErrorCode::usage);
  CHECK(entry.error().message() == "unknown pass 'fold-batchnorm'");
  CHECK(entry.error().hint() == "did you mean 'fold-batch-norm'?");
}

TEST_CASE("two passes of one name are a bug") {
  passes::PassRegistry registry;
  registry.add<SamplePass>();
  CHECK_THROWS_AS(registry.add<SamplePass>(), InternalError);
}

}  // namespace
}  // namespace pith::test
