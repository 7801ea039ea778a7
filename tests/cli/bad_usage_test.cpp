// Words on the command line that mean nothing: the nearest known one is named.
#include "tests/cli/refusal.h"
#include "tests/cli/samples.h"

namespace pith::test {
namespace {

struct UsageBench : Workbench {
  void refused(const std::vector<std::string>& arguments, const std::vector<std::string>& words) const {
    check_refused(*this, arguments, 2, words);
  }
  // With a model and an output that are fine.
  void compress_refused(std::vector<std::string> arguments, const std::vector<std::string>& words) const {
    arguments.insert(arguments.begin(), {"compress", kLenet, "-o", "out.pith"});
    refused(arguments, words);
  }
};

TEST_CASE("bad usage: commands and flags") {
  const UsageBench bench;
  bench.refused({"compres", kLenet}, {"unknown command 'compres'", "'compress'"});
  const CommandRun nothing = bench.pith({});
  CHECK(nothing.exit_code == 2);
  CHECK(error_of(nothing) == "no command is named; see pith --help");
  bench.refused({"--versoin"}, {"unknown flag '--versoin'", "'--version'"});
  bench.compress_refused({"--outptu", "x.pith"}, {"unknown flag '--outptu'", "'--output'"});
  bench.compress_refused({"--repot=out"}, {"unknown flag '--repot'", "'--report'"});
  bench.refused({"pack", kLenet, "-o", "out.pith", "--pipeline", "prune"}, {"unknown flag '--pipeline'"});
  bench.compress_refused({kLenet}, {"one argument too many", "pith compress --help"});
  bench.refused({"compress", "-o", "out.pith"}, {"MODEL", "pith compress --help"});
  bench.refused({"compress", kLenet, "-o"}, {"--output needs a value"});
  bench.refused({"inspect"}, {"MODEL", "pith inspect --help"});
}

TEST_CASE("usage: flags may stand before and after the model") {
  const Workbench bench;
  bench.done({"compress", "-o", "a.pith", "-o", "a.onnx", "--exclude", "fc1", "--exclude", "fc2", kLenet});
  bench.done({"compress", kLenet, "--exclude", "fc1", "--exclude", "fc2", "-o", "b.pith", "-o", "b.onnx"});
  CHECK(bench.read("a.pith") == bench.read("b.pith"));
  CHECK(bench.read("a.onnx") == bench.read("b.onnx"));
}

TEST_CASE("bad usage: values of flags") {
  const UsageBench bench;
  bench.compress_refused({"--preset", "saef"}, {"unknown preset 'saef'", "'safe'"});
  bench.compress_refused({"--progress", "pliain"}, {"--progress", "'pliain'", "'plain'"});
  bench.compress_refused({"--color", "sometimes"}, {"--color", "'sometimes'", "always", "never"});
  bench.compress_refused({"-j", "0"}, {"--threads", "'0'", "1 to 1024"});
  bench.compress_refused({"-j", "1025"}, {"--threads", "'1025'"});
  bench.compress_refused({"-j", "two"}, {"--threads", "'two'"});
  bench.compress_refused({"-j"}, {"--threads needs a value"});
  bench.compress_refused({"--seed", "-4"}, {"--seed", "'-4'"});
  bench.compress_refused({"--seed", "18446744073709551616"}, {"--seed"});
  bench.compress_refused({"--max-samples", "-3"}, {"--max-samples", "'-3'"});
  bench.compress_refused({"--max-samples", "1e3"}, {"--max-samples", "'1e3'"});
  bench.compress_refused({"--exclude", "("}, {"--exclude", "'('"});
  bench.compress_refused({"--include", "["}, {"--include", "'['"});
  bench.compress_refused({"--recipe", "missing.txt"}, {"missing.txt"});
  bench.compress_refused({"--pipeline", "prune", "--preset", "safe"}, {"--pipeline", "--preset"});
  bench.compress_refused({"--codec", "smal"}, {"--codec", "'smal'", "'small'"});
  bench.compress_refused({"--pipeline", "prune", "--codec", "small"},
                         {"--codec", "entropy-code{coder=small}"});
}

TEST_CASE("bad usage: --format itself") {
  const Workbench bench;
  const CommandRun run = bench.pith({"inspect", kLenet, "--format", "jsn"});
  CHECK(run.exit_code == 2);
  CHECK(run.out.empty());
  CHECK(error_of(run) == "--format: unknown value 'jsn'; did you mean 'json'?");
}

TEST_CASE("bad usage: a recipe is a file") {
  const UsageBench bench;
  fs::create_directory(bench / "folder");
  bench.compress_refused({"--recipe", "folder"}, {"folder"});
  bench.write("recipe.txt", "entropy-code\nprume{sparsity=0.5}\n");
  bench.compress_refused({"--recipe", "recipe.txt"}, {"line 2", "'prume'", "'prune'"});
}

TEST_CASE("bad usage: pipelines") {
  const UsageBench bench;
  const auto refused = [&](const std::string& pipeline, const std::vector<std::string>& words) {
    bench.compress_refused({"--pipeline", pipeline}, words);
  };
  refused("prume{sparsity=0.3}", {"column 1", "unknown pass 'prume'", "'prune'"});
  refused("entropy-code, shareweights", {"column 15", "'shareweights'", "'share-weights'"});
  refused("prune{sparsiti=0.3}", {"prune", "'sparsiti'", "'sparsity'"});
  refused("prune{sparsity=7}", {"prune", "'sparsity'", "7", "0..1"});
  refused("prune{sparsity=-0.1}", {"'sparsity'", "-0.1"});
  refused("prune{sparsity=nan}", {"'sparsity'", "nan"});
  refused("prune{sparsity=0,3}", {"column 17"});
  refused("prune{sparsity=half}", {"'sparsity'", "half"});
  refused("prune{scope=globl}", {"'scope'", "'global'"});
  refused("quantize-weights{bits=9}", {"'bits'", "9"});
  refused("share-weights{bits=four}", {"'bits'", "four"});
  refused("prune{sparsity=0.3", {"column 19", "'}'"});
  refused("prune{sparsity=0.3}}", {"column 20"});
  refused("prune sparsity=0.3", {"column 7"});
  refused("prune{sparsity=0.3 sparsity=0.4}", {"'sparsity'"});
  refused("prune;entropy-code", {"column 6"});
  refused(std::string(100, '{'), {"column 1"});
}

}  // namespace
}  // namespace pith::test
