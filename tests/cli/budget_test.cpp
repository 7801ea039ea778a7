// `pith compress --budget`: what the search ends with, and what it refuses.
#include <nlohmann/json.hpp>

#include "tests/cli/documents.h"
#include "tests/cli/refusal.h"
#include "tests/cli/samples.h"

namespace pith::test {
namespace {

using nlohmann::json;

TEST_CASE("budget: metrics and sizes") {
  const Workbench bench;
  bench.write("small.onnx", small_model());
  const auto compress = [&](const std::vector<std::string>& more) {
    std::vector<std::string> line{"compress", "small.onnx", "--calib", "synthetic:n=64"};
    line.insert(line.end(), more.begin(), more.end());
    return line;
  };
  const json report =
      document(bench.done(compress({"-o", "a.pith", "--budget", "metric>=0.9", "--format", "json"})));
  CHECK(report["status"] == "done");
  CHECK(report["quality"]["metric"] == "agreement");
  CHECK(report["quality"]["after"] >= 0.9);
  CHECK(report["budgets"] == json::array({{{"budget", "metric>=0.9"}, {"held", true}}}));
  CHECK(report["layers"].size() == 1);
  CHECK(report["trials"] > 3);
  CHECK(report["outputs"][0]["bytes"] == bench.read("a.pith").size());
  const std::string resolved = report["recipe"]["resolved"];
  CHECK(resolved.contains("rd-quantize{lambda=0.5}"));  // no step that was not used
  const CommandRun text = bench.done(compress({"-o", "b.pith", "--budget", "metric>=0.9"}));
  CHECK(text.out.contains("budget   metric>=0.9 holds"));
  CHECK(bench.read("a.pith") == bench.read("b.pith"));
  bench.done(compress({"-o", "c.pith", "--budget", "ratio=6x"}));
  CHECK(bench.read("c.pith").size() * 6 <= bench.read("small.onnx").size());
  bench.done(compress({"-o", "e.pith", "--budget", "metric>=0.9", "--codec", "fast"}));

  const CommandRun failed = bench.pith(compress({"-o", "d.pith", "--budget", "ratio=100000x"}));
  CHECK(failed.exit_code == 1);
  CHECK(failed.out.contains("DOES NOT HOLD"));
  CHECK(failed.err.contains("nothing was written"));
  CHECK_FALSE(bench.contents().contains("d.pith"));
}

TEST_CASE("budget: a budget for a model whose batch does not divide the samples that estimates look at") {
  const Workbench bench;
  std::string weights;
  for (int i = 0; i < 64 * 32; ++i) weights += (i == 0 ? "" : ",") + std::to_string((i * i) % 5);
  bench.write("fixed.onnx",
              model_bytes("net (float[48,64] input) => (float[48,32] logits) <float[64,32] w = {" + weights +
                          "}> { logits = MatMul(input, w) }"));
  // 2,000 is no multiple of 48, nor is the eighth of the samples that is looked at first.
  const json report =
      document(bench.done({"compress", "fixed.onnx", "-o", "a.pith", "--calib", "synthetic:n=2400",
                           "--budget", "metric>=0.9", "--format", "json"}));
  CHECK(report["status"] == "done");
  CHECK(report["quality"]["samples"] == 2400);
  CHECK(report["quality"]["after"] >= 0.9);
}

TEST_CASE("budget: weights can be pruned before they are searched a plan for") {
  const Workbench bench;
  const json report = document(
      bench.done({"compress", kLenet, "-o", "a.pith", "--calib", kLenetTrain, "--eval", kLenetTest,
                  "--budget", "drop=3pt", "--max-samples", "1000", "--exclude", "^fc1", "--pipeline",
                  "prune{sparsity=0.3}, rd-quantize, entropy-code{coder=small}", "--format", "json"}));
  CHECK(report["status"] == "done");
  CHECK(report["quality"]["drop"] <= 0.03);
  CHECK(report["passes"][0]["name"] == "prune");
  CHECK(report["layers"].size() > 1);
  bench.done({"verify", "a.pith"});
}

TEST_CASE("budget: samples held out of a search decide about its budget") {
  const Workbench bench;
  const auto compress = [&](const std::string& output, const std::string& budget, const std::string& share) {
    return std::vector<std::string>{"compress",      kLenet,    "-o",        output,     "--calib",
                                    kLenetTrain,     "--eval",  kLenetTest,  "--budget", budget,
                                    "--max-samples", "1500",    "--exclude", "^fc1",     "--holdout",
                                    share,           "--codec", "fast",      "--format", "json"};
  };
  const json report = document(bench.done(compress("a.pith", "drop=2pt", "0.4")));
  CHECK(report["status"] == "done");
  CHECK(report["quality"]["samples"] == 600);
  CHECK(report["quality"]["drop"] <= 0.02);
  CHECK(report["holdout"]["share"] == 0.4);
  CHECK(report["holdout"]["looks"] >= 1);
  CHECK(report["holdout"]["searched"]["samples"] == 900);
  CHECK(report["holdout"]["searched"]["before"] != report["quality"]["before"]);

  // No plan gains three points on samples that it was not chosen for.
  const CommandRun failed = bench.pith(compress("b.pith", "metric>=0.93", "0.4"));
  CHECK(failed.exit_code == 1);
  CHECK(failed.err.contains("on the 600 samples held out of the search"));
  const json over = json::parse(failed.out);
  CHECK(over["status"] == "over_budget");
  CHECK(over["budgets"][0]["held"] == false);
  CHECK_FALSE(bench.contents().contains("b.pith"));

  auto text = compress("c.pith", "drop=2pt", "0.4");
  text.back() = "human";
  const CommandRun shown = bench.done(text);
  CHECK(shown.out.contains("600 samples held out of the search"));
  CHECK(shown.out.contains("900 samples that the search saw"));
  CHECK(bench.read("a.pith") == bench.read("c.pith"));
}

TEST_CASE("budget: --holdout without a search, labels, or a share is refused") {
  const Workbench bench;
  const auto refused = [&](const std::vector<std::string>& more, const std::string& part) {
    std::vector<std::string> line{"compress", kLenet, "-o", "x.pith", "--calib", kLenetTrain};
    line.insert(line.end(), more.begin(), more.end());
    check_refused(bench, line, 2, {part});
  };
  refused({"--holdout", "0.5", "--eval", kLenetTest}, "nothing is searched for");
  refused({"--holdout", "0.5", "--budget", "drop=1pt"}, "labelled samples");
  for (const char* share : {"0", "1", "-0.5", "50%", "nan"})
    refused({"--holdout", share, "--budget", "drop=1pt", "--eval", kLenetTest}, "between 0 and 1");
  check_refused(bench,
                {"compress", kLenet, "-o", "x.pith", "--calib", kLenetTrain, "--budget", "drop=1pt", "--eval",
                 kLenetTest, "--holdout", "0.0001", "--max-samples", "100"},
                4, {"a share of 0.0001 of 100 samples"});
}

TEST_CASE("budget: budgets that cannot be searched for are refused") {
  const Workbench bench;
  check_refused(bench, {"compress", kLenet, "-o", "x.pith", "--budget", "drop=1pt"}, 2, {"--calib"});
  check_refused(bench, {"compress", kLenet, "-o", "x.pith", "--budget", "drop=1kg", "--calib", kLenetTrain},
                2, {"drop=1kg"});
  check_refused(bench,
                {"compress", kLenet, "-o", "x.pith", "--budget", "drop=1pt", "--calib", kLenetTrain,
                 "--preset", "safe"},
                2, {"rd-quantize"});
}

}  // namespace
}  // namespace pith::test
