// Texts that users and other pages rely on, compared letter by letter. PITH_UPDATE_GOLDEN=1 rewrites them.
#include "cli/builtin_passes.h"
#include "tests/cli/workbench.h"

namespace pith::test {
namespace {

void check_golden(const fs::path& path, const std::string& text) {
  if (std::getenv("PITH_UPDATE_GOLDEN") != nullptr) {
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
  }
  INFO("run the test with PITH_UPDATE_GOLDEN=1 to rewrite " << path.filename());
  REQUIRE(fs::exists(path));
  CHECK(read_file(path) == text);
}

TEST_CASE("golden: what pith prints about itself") {
  const fs::path golden = fs::path(PITH_SOURCE_DIR) / "tests" / "golden" / "cli";
  const Workbench bench;
  const std::vector<std::pair<std::string, std::vector<std::string>>> texts{
      {"help.txt", {"--help"}},
      {"compare-help.txt", {"compare", "--help"}},
      {"compress-help.txt", {"compress", "--help"}},
      {"evaluate-help.txt", {"evaluate", "--help"}},
      {"inspect-help.txt", {"inspect", "--help"}},
      {"sensitivity-help.txt", {"sensitivity", "--help"}},
      {"unpack-help.txt", {"unpack", "--help"}},
      {"passes.txt", {"passes"}},
      {"passes-prune.txt", {"passes", "prune"}},
  };
  for (const auto& [name, arguments] : texts) {
    const CommandRun run = bench.done(arguments);
    CHECK(run.err.empty());
    check_golden(golden / name, run.out);
  }
}

TEST_CASE("golden: docs/passes.md shows the passes as they are") {
  check_golden(fs::path(PITH_SOURCE_DIR) / "docs" / "passes.md", cli::passes_page(cli::builtin_passes()));
}

}  // namespace
}  // namespace pith::test
