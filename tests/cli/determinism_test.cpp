// The same input and words give the same bytes, and a container gives back what was put in.
#include "cli/model_file.h"
#include "engine/npy.h"
#include "tests/cli/samples.h"
#include "tests/cli/workbench.h"

namespace pith::test {
namespace {

const std::string kEveryPass =
    "eliminate-identity, remove-dead-values, fold-batch-norm, merge-equal-constants, "
    "prune{sparsity=0.5 scope=global}, share-weights{bits=4}, entropy-code";

ir::Model load(const std::string& path) {
  auto file = cli::load_model(path);
  if (!file) FAIL(file.error().message());
  return std::move(file->model);
}

// Names and values of all constants.
std::map<std::string, ir::Tensor> weights(const ir::Model& model) {
  std::map<std::string, ir::Tensor> found;
  for (const ir::GraphId graph : model.graphs()) {
    for (const ir::ValueId id : model.graph(graph).values()) {
      const ir::Value& value = model.graph(graph).value(id);
      if (value.constant != nullptr) found.emplace(value.name, to_dense(*value.constant));
    }
  }
  return found;
}

void check_same_weights(const ir::Model& a, const ir::Model& b) {
  const auto x = weights(a);
  const auto y = weights(b);
  CHECK(x.size() == y.size());
  for (const auto& [name, tensor] : x) {
    CAPTURE(name);
    const auto found = y.find(name);
    REQUIRE(found != y.end());
    CHECK(tensor.same_bits(found->second));
  }
}

TEST_CASE("determinism: runs, threads, folders and languages do not matter") {
  for (const std::string& pipeline : {std::string(), kEveryPass}) {
    const Workbench bench;
    fs::create_directory(bench / "elsewhere");
    const auto compress = [&](const std::string& name, std::vector<std::string> more,
                              const RunOptions& options = {}) {
      std::vector<std::string> arguments{
          "compress", kLenet, "-o", bench / (name + ".pith"), "-o", bench / (name + ".onnx")};
      if (!pipeline.empty()) arguments.insert(arguments.end(), {"--pipeline", pipeline});
      arguments.insert(arguments.end(), more.begin(), more.end());
      bench.done(arguments, options);
      return std::pair(bench.read(name + ".pith"), bench.read(name + ".onnx"));
    };
    const auto first = compress("first", {});
    const auto same = [&](const std::pair<std::string, std::string>& files) {
      return files.first == first.first && files.second == first.second;
    };
    CHECK(same(compress("again", {})));
    CHECK(same(compress("one", {"-j", "1"})));
    CHECK(same(compress("two", {"-j", "2"})));
    CHECK(same(compress("seven", {"-j", "7", "--eval", kLenetTest})));
    RunOptions elsewhere;
    elsewhere.folder = bench / "elsewhere";
    CHECK(same(compress("folder", {}, elsewhere)));
    RunOptions german;
    german.environment = {{"LC_ALL", "de_DE.UTF-8"}, {"LANG", "de_DE.UTF-8"}, {"TZ", "Asia/Tokyo"}};
    CHECK(same(compress("german", {}, german)));
    german.environment = {{"LC_ALL", "tr_TR.UTF-8"}, {"LC_NUMERIC", "de_DE"}};
    CHECK(same(compress("turkish", {}, german)));
  }
}

TEST_CASE("determinism: the numbers of a measurement do not depend on threads") {
  const Workbench bench;
  const auto measure = [&](const std::string& threads) {
    return bench.done({"evaluate", kLenet, "--eval", kLenetTest, "-j", threads}).out;
  };
  const std::string one = measure("1");
  CHECK(one.starts_with("quality  top1 89.85 %, 10,000 samples"));
  CHECK(measure("2") == one);
  CHECK(measure("5") == one);
}

TEST_CASE("round trip: pack and unpack change no bit") {
  const Workbench bench;
  bench.done({"pack", kLenet, "-o", "a.pith"});
  bench.done({"unpack", "a.pith", "-o", "a.onnx"});
  const ir::Model before = load(kLenet);
  const ir::Model after = load(bench / "a.onnx");
  check_same_weights(before, after);
  check_same_weights(before, load(bench / "a.pith"));
  CHECK(largest_difference(before, after) == 0);
  // Packing what was unpacked gives the container again.
  bench.done({"pack", "a.onnx", "-o", "b.pith"});
  CHECK(bench.read("b.pith") == bench.read("a.pith"));
}

TEST_CASE("round trip: a container, its unpacked file and the plain output hold the same weights") {
  for (const std::string& pipeline :
       {kEveryPass, std::string("quantize-weights{bits=8 granularity=channel}, entropy-code"),
        std::string("quantize-weights{bits=4 symmetric=false granularity=block}, entropy-code"),
        std::string("prune{sparsity=0.9}, entropy-code")}) {
    CAPTURE(pipeline);
    const Workbench bench;
    bench.done({"compress", kLenet, "-o", "a.pith", "-o", "a.onnx", "--pipeline", pipeline, "-f"});
    bench.done({"unpack", "a.pith", "-o", "plain.onnx"});
    const ir::Model plain = load(bench / "plain.onnx");
    check_same_weights(plain, load(bench / "a.pith"));
    check_same_weights(plain, load(bench / "a.onnx"));
    CHECK(largest_difference(plain, load(bench / "a.pith")) == 0);
    // All three decide alike on every image, each run as the file that it is.
    const auto quality = [&](const std::string& file) {
      return bench.done({"evaluate", file, "--eval", kLenetTest, "--reference", "plain.onnx"}).out;
    };
    const std::string expected = quality("plain.onnx");
    CHECK(expected.find("agreement 100.00 %") != std::string::npos);
    CHECK(quality("a.pith") == expected);
    CHECK(quality("a.onnx") == expected);
    // One tensor by itself is the same again.
    bench.done({"unpack", "a.pith", "--extract", "fc2.weight", "-o", "t.npy"});
    const auto extracted = engine::read_npy(ir::Buffer::own(bench.read("t.npy")));
    REQUIRE(extracted);
    CHECK(extracted->same_bits(weights(plain).at("fc2.weight")));
  }
}

TEST_CASE("round trip: any of the outputs can be compressed again") {
  const Workbench bench;
  bench.done({"compress", kLenet, "-o", "a.pith", "-o", "a.onnx"});
  bench.done({"pack", "a.onnx", "-o", "b.pith"});
  bench.done({"compress", "a.pith", "-o", "c.pith", "--pipeline", "", "-f"});
  check_same_weights(load(bench / "a.pith"), load(bench / "b.pith"));
  CHECK(bench.read("c.pith") == bench.read("a.pith"));
}

}  // namespace
}  // namespace pith::test
