// `pith sensitivity`, and the measurements that runs leave to each other.
#include <algorithm>
#include <csignal>
#include <nlohmann/json.hpp>

#include "tests/cli/documents.h"
#include "tests/cli/refusal.h"
#include "tests/cli/samples.h"
#include "tests/support/weight_model.h"

namespace pith::test {
namespace {

using nlohmann::json;

const std::vector<std::string> kSensitivity{"sensitivity", kLenet, "--calib", kLenetTrain};
const std::vector<std::string> kSmall{"sensitivity", "small.onnx", "--calib", "synthetic:n=64"};

std::vector<std::string> with(std::vector<std::string> line, const std::vector<std::string>& more) {
  line.insert(line.end(), more.begin(), more.end());
  return line;
}

// What depends on time.
json timeless(json report) {
  report.erase("invocation");
  return report;
}

std::vector<fs::path> cache_files(const Workbench& bench) {
  std::vector<fs::path> files;
  if (!fs::exists(bench.cache_folder())) return files;
  for (const auto& entry : fs::recursive_directory_iterator(bench.cache_folder())) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  return files;
}

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

RunOptions in_environment(std::vector<std::pair<std::string, std::optional<std::string>>> variables) {
  RunOptions options;
  options.environment = std::move(variables);
  return options;
}

TEST_CASE("sensitivity: each layer with what it costs, and what to exclude") {
  const Workbench bench;
  const json report = document(
      bench.done(with(kSensitivity, {"--eval", kLenetTest, "--max-samples", "1000", "--format", "json"})),
      "sensitivity");
  REQUIRE(report["layers"].size() == 3);
  CHECK(report["calibration"]["data"] == "train-2048.npz");
  CHECK(report["quality"]["metric"] == "top1");
  double share = 0;
  for (const json& layer : report["layers"]) {
    CHECK(layer["kind"] == "product");
    CHECK(layer["divergence"] > 0);
    CHECK(layer["drop"].get<double>() ==
          Approx(report["quality"]["after"].get<double>() - layer["metric"].get<double>()));
    share += layer["share"].get<double>();
  }
  CHECK(share == Approx(1));
  CHECK(report["layers"][0]["name"] == "fc1.weight");
  CHECK(report["layers"][0]["weights"] == 784 * 300);
  // The last layer has 1,000 of 266,200 weights and most of the divergence.
  REQUIRE_FALSE(report["suggested_excludes"].empty());
  CHECK(report["suggested_excludes"][0]["name"] == "fc3.weight");
  CHECK(report["suggested_excludes"][0]["pattern"] == "^fc3\\.weight$");

  const std::string text = bench.done(kSensitivity).out;
  CHECK(holds(text, "--exclude '^fc3\\.weight$'"));
  CHECK(text.find("fc3.weight") < text.find("fc1.weight"));  // most sensitive first
  CHECK_FALSE(holds(text, "top1"));
  // What is suggested can be given back.
  const json rest = document(
      bench.done(with(kSensitivity, {"--exclude", "^fc3\\.weight$", "--format", "json"})), "sensitivity");
  CHECK(rest["layers"].size() == 2);
  CHECK(rest["quality"].is_null());
  CHECK(rest["layers"][0]["metric"].is_null());
}

TEST_CASE("sensitivity: the table as people see it") {
  const Workbench bench;
  bench.write("small.onnx", small_model());
  const std::string text = bench.done({"sensitivity", "small.onnx", "--calib", "synthetic:n=64"}).out;
  CHECK(holds(text,
              "small.onnx: 1 layers, 2,048 weights; each rounded alone, outputs compared on synthetic data"));
  CHECK(holds(text, "layer  kind     weights  bits  divergence    share\n"));
  CHECK(holds(text, "keep     no layer takes 10 % of the divergence and twice its share of the weights"));
}

TEST_CASE("sensitivity: what cannot be measured is refused") {
  const Workbench bench;
  bench.write("tiny.onnx", tiny_model());
  check_refused(bench, {"sensitivity", kLenet}, 2, {"--calib"});
  check_refused(bench, {"sensitivity", kLenet, "--calib", "missing.npz"}, 4, {"missing.npz"});
  check_refused(bench, {"sensitivity", "tiny.onnx", "--calib", "synthetic:n=4"}, 3, {"no weight"});
  check_refused(bench, with(kSensitivity, {"--exclude", "("}), 2, {"regular expression"});
}

TEST_CASE("sensitivity: a second run takes measurements of the first and says the same") {
  const Workbench bench;
  bench.write("small.onnx", small_model());
  const auto line = with(kSmall, {"--format", "json", "-v"});
  const json first = document(bench.done(line), "sensitivity");
  REQUIRE(cache_files(bench).size() == 1);
  const std::string kept = read_file(cache_files(bench).front());
  const CommandRun again = bench.done(line);
  CHECK(holds(again.err, "measurements of an earlier run"));
  CHECK(timeless(document(again, "sensitivity")) == timeless(first));
  CHECK(read_file(cache_files(bench).front()) == kept);
  const CommandRun without = bench.done(with(line, {"--no-cache"}));
  CHECK_FALSE(holds(without.err, "earlier run"));
  CHECK(timeless(document(without, "sensitivity")) == timeless(first));
  // Other data is another file, and --no-cache writes none.
  bench.done({"sensitivity", "small.onnx", "--calib", "synthetic:n=32", "--no-cache"});
  CHECK(cache_files(bench).size() == 1);
  bench.done({"sensitivity", "small.onnx", "--calib", "synthetic:n=32"});
  CHECK(cache_files(bench).size() == 2);
  bench.done({"sensitivity", "small.onnx", "--calib", "synthetic:n=32", "--seed", "1"});
  CHECK(cache_files(bench).size() == 3);
}

TEST_CASE("sensitivity: a damaged file of measurements is left out with a warning") {
  const Workbench bench;
  bench.write("small.onnx", small_model());
  const auto line = with(kSmall, {"--format", "json"});
  const json first = document(bench.done(line), "sensitivity");
  const fs::path file = cache_files(bench).front();
  const std::string kept = read_file(file);
  for (const std::string& bytes :
       {std::string(), kept.substr(0, kept.size() / 2), kept + "x", random_bytes(100'000'00, 1)}) {
    std::ofstream(file, std::ios::binary) << bytes;
    const CommandRun run = bench.done(line);
    CHECK(holds(run.err, "it is damaged"));
    CHECK(timeless(document(run, "sensitivity")) == timeless(first));
    CHECK(read_file(file) == kept);
  }
  fs::remove(file);
  fs::create_directory(file);  // that nothing can replace
  const CommandRun run = bench.done(line);
  CHECK(holds(run.err, "measurements cannot be kept"));
  CHECK(timeless(document(run, "sensitivity")) == timeless(first));
}

TEST_CASE("sensitivity: without a folder to keep measurements in, a run goes on") {
  const Workbench bench;
  bench.write("small.onnx", small_model());
  bench.write("file", "");
  // Where ONNX Runtime is found does not depend on where measurements are kept.
  const char* given = std::getenv("PITH_CACHE");
  const std::string runtime = given != nullptr ? given : std::string(std::getenv("HOME")) + "/.cache/pith";
  for (const auto& folder : {bench / "file", std::string("/proc/pith"), std::string("relative")}) {
    const CommandRun run = bench.done(kSmall, in_environment({{"PITH_CACHE_DIR", folder},
                                                              {"XDG_CACHE_HOME", std::nullopt},
                                                              {"HOME", std::nullopt},
                                                              {"PITH_CACHE", runtime}}));
    CHECK(holds(run.out, "keep     "));
  }
  CHECK(bench.contents().size() == 2);
  bench.done(kSmall, in_environment({{"PITH_CACHE_DIR", std::nullopt}, {"XDG_CACHE_HOME", bench / "xdg"}}));
  CHECK(fs::exists(bench.folder() / "xdg" / "pith" / "sensitivity"));
}

TEST_CASE("sensitivity: the folder of measurements stays small") {
  const Workbench bench;
  bench.write("small.onnx", small_model());
  const fs::path folder = bench.cache_folder() / "sensitivity";
  fs::create_directories(folder);
  const auto old = fs::file_time_type::clock::now() - std::chrono::hours(48);
  for (int i = 0; i < 80; ++i) {
    const fs::path file = folder / (std::to_string(i) + ".measurements");
    std::ofstream(file) << "x";
    fs::last_write_time(file, old + std::chrono::minutes(i));
  }
  std::ofstream(folder / "left.pith-tmp") << "x";
  fs::last_write_time(folder / "left.pith-tmp", old);
  std::ofstream(folder / "of-somebody-else") << "x";
  bench.done(kSmall);
  CHECK(cache_files(bench).size() == 65);
  CHECK_FALSE(fs::exists(folder / "16.measurements"));
  CHECK(fs::exists(folder / "17.measurements"));
  CHECK_FALSE(fs::exists(folder / "left.pith-tmp"));
  CHECK(fs::exists(folder / "of-somebody-else"));
}

// Large enough that a search takes a while.
std::string two_layers() {
  const auto list = [](unsigned seed) {
    std::string text;
    for (const float value : seeded_weights(std::size_t{192} * 192, seed))
      text += (text.empty() ? "" : ",") + std::to_string(value);
    return text;
  };
  return model_bytes("net (float[N,192] x) => (float[N,192] y) <float[192,192] a = {" + list(1) +
                     "}, float[192,192] b = {" + list(2) + "}> { h = MatMul(x, a) y = MatMul(h, b) }");
}

TEST_CASE("sensitivity: a search that was stopped goes on where it was, to the same bytes") {
  const Workbench bench;
  bench.write("two.onnx", two_layers());
  const std::vector<std::string> line{"compress",   "two.onnx",     "--calib", "synthetic:n=512",
                                      "--budget",   "metric>=0.95", "--codec", "fast",
                                      "--progress", "plain",        "-v"};
  bench.done(with(line, {"-o", "a.pith", "--no-cache"}));
  CHECK(cache_files(bench).empty());
  RunOptions stop;
  stop.signal = PlannedSignal{.signal = SIGTERM, .delay = {}, .once_stderr_holds = "trading bits"};
  const CommandRun stopped = bench.pith(with(line, {"-o", "b.pith"}), stop);
  CHECK(stopped.exit_code == 75);
  REQUIRE(cache_files(bench).size() == 1);
  const auto kept = fs::file_size(cache_files(bench).front());
  CHECK(kept > 24 + 40 * 5);
  CHECK_FALSE(bench.contents().contains("b.pith"));
  const CommandRun resumed = bench.done(with(line, {"-o", "b.pith"}));
  CHECK(holds(resumed.err, "measurements of an earlier run"));
  CHECK(bench.read("a.pith") == bench.read("b.pith"));
  CHECK(fs::file_size(cache_files(bench).front()) > kept);
  // All that is left to a third run is to round and to code.
  const std::string all = read_file(cache_files(bench).front());
  bench.done(with(line, {"-o", "c.pith"}));
  CHECK(bench.read("a.pith") == bench.read("c.pith"));
  CHECK(read_file(cache_files(bench).front()) == all);
}

}  // namespace
}  // namespace pith::test
