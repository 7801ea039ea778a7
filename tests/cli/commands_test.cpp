// Each command does what its name says; stdout carries the result and nothing else.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <regex>

#include "tests/cli/documents.h"
#include "tests/cli/refusal.h"
#include "tests/cli/samples.h"

namespace pith::test {
namespace {

using nlohmann::json;

TEST_CASE("commands: --version is quick") {
  const Workbench bench;
  auto fastest = std::chrono::microseconds::max();
  for (int i = 0; i < 10; ++i) {
    const CommandRun run = bench.done({"--version"});
    CHECK(std::regex_match(run.out, std::regex("pith [0-9]+\\.[0-9]+\\.[0-9]+\n")));
    CHECK(run.err.empty());
    fastest = std::min(fastest, run.took);
  }
#ifndef __SANITIZE_ADDRESS__
  CHECK(fastest < std::chrono::milliseconds(50));
#endif
}

TEST_CASE("commands: each explains itself") {
  const Workbench bench;
  for (const std::string command : {"inspect", "compare", "compress", "unpack", "pack", "verify", "evaluate",
                                    "sensitivity", "passes", "doctor"}) {
    for (const std::string flag : {"--help", "-h"}) {
      const CommandRun run = bench.done({command, flag});
      CHECK(run.out.contains("Usage: pith " + command));
      CHECK(run.err.empty());
    }
  }
}

TEST_CASE("commands: --opset") {
  const Workbench bench;
  bench.write("tiny.onnx", tiny_model());
  bench.done({"compress", "tiny.onnx", "-o", "new.onnx", "--pipeline", "", "--opset", "21", "-f"});
  CHECK(bench.done({"inspect", "new.onnx"}).out.contains("ai.onnx 21"));
  bench.done({"compress", "tiny.onnx", "-o", "same.onnx", "--pipeline", "", "-f"});
  CHECK(bench.done({"inspect", "same.onnx"}).out.contains("ai.onnx 17"));
  bench.write("small.onnx", small_model());
  bench.done({"pack", "small.onnx", "-o", "small.pith"});
  bench.done({"unpack", "small.pith", "-o", "plain.onnx", "--opset", "13"});
  CHECK(bench.done({"inspect", "plain.onnx"}).out.contains("ai.onnx 13"));
  check_refused(bench, {"unpack", "small.pith", "-o", "x.onnx", "--opset", "9"}, 3,
                {"small.pith: cannot be converted from operator set 17 to 9"});
  check_refused(bench, {"compress", "tiny.onnx", "-o", "x.onnx", "--opset", "99"}, 2, {"operator set 99"});
}

TEST_CASE("commands: inspect with data counts with the shapes of a run") {
  const Workbench bench;
  bench.write("open.onnx", model_bytes("net (float[A,B,2] x) => (float[A,B,3] y)"
                                       "<float[2,3] w = {1,2,3, 4,5,6}> { y = MatMul(x, w) }"));
  const auto macs = [&](const std::vector<std::string>& more) {
    std::vector<std::string> line{"inspect", "open.onnx", "--format", "json"};
    line.insert(line.end(), more.begin(), more.end());
    return document(bench.done(line), "inspect");
  };
  CHECK(macs({})["macs"]["total"] == 6);
  CHECK(macs({})["run"].is_null());
  const json run = macs({"--data", "synthetic:n=2,size=7"});
  CHECK(run["macs"]["total"] == 7 * 6);
  CHECK(run["macs"]["counted_as_one"].empty());
  CHECK(run["run"]["synthetic"] == true);
  check_refused(bench, {"inspect", "open.onnx", "--data", "nothing.npz"}, 4, {"nothing.npz"});
}

TEST_CASE("commands: inspect") {
  const Workbench bench;
  const CommandRun text = bench.done({"inspect", kLenet});
  for (const std::string part : {"lenet-300-100.onnx (onnx), 1,067,271 bytes", "6 nodes, 266,610 parameters",
                                 "input    input float32 [N,1,28,28]", "output   logits float32 [N,10]",
                                 "Gemm", "fc1.weight", "ai.onnx 17"}) {
    CAPTURE(part);
    CHECK(text.out.contains(part));
  }
  const json report = document(bench.done({"inspect", kLenet, "--format", "json"}), "inspect");
  CHECK(report["model"]["parameters"] == 266610);
  CHECK(report["model"]["weight_bytes"] == 1066440);
  CHECK(report["input"]["path"] == "lenet-300-100.onnx");
  CHECK(report["input"]["sha256"] == "5e9ba0f24379fed71564122d740f3c6bb1936ace5ed2dc4dd68b229a4f1f6f8f");
  CHECK(
      report["operators"][0] ==
      json{{"operator", "Gemm"}, {"count", 3}, {"bytes", 1066440}, {"parameters", 266610}, {"macs", 266200}});
  CHECK(report["model"]["macs"] == 266200);  // 784 * 300 + 300 * 100 + 100 * 10
  CHECK(report["macs"]["counted_as_one"] == json{"N"});
  CHECK(report["types"] == json::array({{{"dtype", "float32"}, {"bytes", 1066440}}}));
  CHECK(report["tensors"].size() == 6);
  CHECK(report["tensors"][0]["distinct"] == 234854);
  CHECK(report["entropy_bytes"] == 581929);
  CHECK(bench.done({"inspect", kLenet, "--format", "quiet"}).out.empty());
  // Counting values is what --no-entropy leaves out, and nothing else.
  json quick = document(bench.done({"inspect", kLenet, "--format", "json", "--no-entropy"}), "inspect");
  json expected = report;
  expected["entropy_bytes"] = nullptr;
  for (json& tensor : expected["tensors"]) tensor["distinct"] = tensor["entropy_bits"] = nullptr;
  CHECK(quick == expected);
  CHECK(document(bench.done({"inspect", kLenet, "--format", "json", "-j", "7"}), "inspect") == report);
}

TEST_CASE("commands: compress, for people") {
  const Workbench bench;
  const CommandRun run = bench.done({"compress", kLenet, "-o", "out.pith", "--eval", kLenetTest});
  for (const std::string part :
       {"size     1,067,271 -> ", "x smaller", "quality  top1 89.85 % -> ", " pt ", "10,000 samples",
        "95 % interval", "largest  fc1.weight", "next     pith "}) {
    CAPTURE(part);
    CHECK(run.out.contains(part));
  }
  CHECK(run.err.contains("evaluating the original\n"));
  CHECK(run.err.contains("evaluating the result\n"));
  CHECK_FALSE(run.err.contains("error"));
  CHECK(bench.contents().size() == 1);
  // -v lists every change, -q says nothing, and none of it changes the file.
  const std::string bytes = bench.read("out.pith");
  CHECK(bench.done({"compress", kLenet, "-o", "out.pith", "-f", "-v"})
            .err.contains("info: quantize-weights: 3 changes"));
  const CommandRun quiet = bench.done({"compress", kLenet, "-o", "out.pith", "-f", "-q"});
  CHECK(quiet.out + quiet.err == "");
  CHECK(bench.read("out.pith") == bytes);
}

TEST_CASE("commands: compress, for scripts") {
  const Workbench bench;
  const CommandRun run =
      bench.done({"compress", kLenet, "-o", "out.pith", "-o", "sub.onnx", "--eval", kLenetTest, "--report",
                  "a/b", "--format", "json", "--seed", "7", "-j", "1"});
  const json report = document(run);
  CHECK(report["status"] == "done");
  CHECK(report["exit_code"] == 0);
  CHECK(report["model"]["before"]["bytes"] == 1067271);
  CHECK(report["quality"]["metric"] == "top1");
  CHECK(report["quality"]["before"] == 0.8985);
  CHECK(report["quality"]["samples"] == 10000);
  const double after = report["quality"]["after"];
  CHECK(report["quality"]["drop"].get<double>() == Approx(0.8985 - after).margin(1e-12));
  CHECK(report["invocation"]["seed"] == 7);
  CHECK(report["environment"]["threads"] == 1);
  REQUIRE(report["outputs"].size() == 2);
  CHECK(report["outputs"][0]["path"] == "out.pith");
  CHECK(report["outputs"][0]["bytes"] == bench.read("out.pith").size());
  CHECK(report["outputs"][1]["bytes"] == bench.read("sub.onnx").size());
  CHECK(report["ratio"].get<double>() ==
        Approx(1067271.0 / static_cast<double>(bench.read("out.pith").size())));
  // The file of --report is the same document, and names no folder.
  CHECK(json::parse(bench.read("a/b/report.json")) == report);
  CHECK_FALSE(run.out.contains(fs::path(PITH_SOURCE_DIR).string()));
  CHECK_FALSE(run.out.contains(bench.folder().string()));
  CHECK(bench.contents().size() == 5);  // two folders, three files

  CHECK(bench.done({"compress", kLenet, "-o", "q.pith", "-o", "q.onnx", "--format", "quiet"}).out ==
        "q.pith\nq.onnx\n");
  CHECK(bench.read("q.pith") == bench.read("out.pith"));
}

TEST_CASE("commands: a dry run does everything but write") {
  const Workbench bench;
  const json report = document(bench.done({"compress", kLenet, "-n", "-o", "out.pith", "--format", "json"}));
  CHECK(report["model"]["after"]["bytes"].get<std::uint64_t>() < 300000);
  CHECK(bench.contents().empty());
}

TEST_CASE("commands: pipelines come from flags, files and presets alike") {
  const Workbench bench;
  bench.write("recipe.txt", "# as the preset\nentropy-code{coder=auto}\n");
  bench.done({"compress", kLenet, "-o", "flag.pith", "--pipeline", "entropy-code"});
  bench.done({"compress", kLenet, "-o", "file.pith", "--recipe", "recipe.txt"});
  bench.done({"pack", kLenet, "-o", "pack.pith"});
  CHECK(bench.read("flag.pith") == bench.read("file.pith"));
  CHECK(bench.read("flag.pith") == bench.read("pack.pith"));
  bench.done({"pack", kLenet, "-o", "small.pith", "--codec", "small"});
  bench.done({"compress", kLenet, "-o", "text.pith", "--pipeline", "entropy-code{coder=small}"});
  CHECK(bench.read("small.pith") == bench.read("text.pith"));
  std::size_t last = SIZE_MAX;
  for (const std::string codec : {"huffman", "fast", "small"}) {
    bench.done({"compress", kLenet, "-o", codec + "-codes.pith", "--codec", codec});
    const std::size_t size = bench.read(codec + "-codes.pith").size();
    CHECK(size < last);
    last = size;
  }
  bench.done({"compress", kLenet, "-o", "default.pith"});
  CHECK(bench.read("default.pith") == bench.read("small-codes.pith"));
  bench.done({"compress", kLenet, "-o", "safe.pith", "--preset", "safe"});
  CHECK(bench.read("default.pith") == bench.read("safe.pith"));
  // The empty pipeline is import and export.
  bench.done({"compress", kLenet, "-o", "same.onnx", "--pipeline", "", "-f"});
  bench.done({"compress", "same.onnx", "-o", "again.onnx", "--pipeline", "", "-f"});
  CHECK(bench.read("same.onnx") == bench.read("again.onnx"));
  // Weights that are left alone stay as they are.
  const json all = document(bench.done({"compress", kLenet, "-n", "--format", "json", "--exclude", "fc1"}));
  CHECK(all["tensors"][1]["name"] == "fc1.weight");
  CHECK(all["tensors"][1]["form"] == "dense");
  CHECK(all["tensors"][3]["form"] == "affine");
}

TEST_CASE("commands: verify") {
  const Workbench bench;
  bench.done({"pack", kLenet, "-o", "a.pith"});
  const CommandRun run = bench.done({"verify", "a.pith"});
  CHECK(run.out.starts_with("a.pith: sound; "));
  CHECK(run.out.ends_with(" bytes, 6 nodes, 266,610 parameters\n"));
  CHECK(document(bench.done({"verify", "a.pith", "--format", "json"}), "inspect")["format"] == "pith");
  CHECK(bench.done({"verify", "a.pith", "--format", "quiet"}).out.empty());
}

TEST_CASE("commands: unpack") {
  const Workbench bench;
  bench.done({"compress", kLenet, "-o", "a.pith"});
  const CommandRun run = bench.done({"unpack", "a.pith", "-o", "a.onnx"});
  CHECK(std::regex_match(run.out,
                         std::regex("a\\.pith \\([0-9,]+ bytes\\) -> a\\.onnx \\(1,06[0-9,]+ bytes\\)\n")));
  CHECK(bench.done({"unpack", "a.pith", "-o", "b.onnx", "--format", "quiet"}).out == "b.onnx\n");
  const json made = document(bench.done({"unpack", "a.pith", "-o", "c.onnx", "--format", "json"}), "unpack");
  CHECK(made["inputs"][0]["path"] == "a.pith");
  CHECK(made["outputs"][0]["path"] == "c.onnx");
  CHECK(made["outputs"][0]["bytes"] == bench.read("c.onnx").size());

  const CommandRun list = bench.done({"unpack", "a.pith", "--list"});
  CHECK(std::ranges::count(list.out, '\n') == 7);  // a headline and six tensors
  CHECK(std::regex_search(list.out,
                          std::regex("fc1\\.weight +float32 +\\[300,784\\] +affine +small +[0-9,]+\n")));
  CHECK(
      document(bench.done({"unpack", "a.pith", "--list", "--format", "json"}), "inspect")["tensors"].size() ==
      6);

  CHECK(bench.done({"unpack", "a.pith", "--extract", "fc3.bias", "-o", "t.npy"}).out.contains("-> t.npy ("));
  const std::string npy = bench.read("t.npy");
  CHECK(npy.starts_with("\x93NUMPY"));
  CHECK(npy.size() % 64 == 40);  // the header is padded to 64, ten floats follow
  CHECK(bench.done({"unpack", "a.pith", "--extract", "fc3.bias", "-o", "u.npy", "--format", "quiet"}).out ==
        "u.npy\n");
  check_refused(bench, {"unpack", "a.pith", "--extract", "fc4.bias", "-o", "v.npy"}, 2,
                {"a.pith has no tensor 'fc4.bias'", "--list"});
  check_refused(bench, {"unpack", "a.pith", "--extract", "fc3.bias", "-o", "v.txt"}, 2, {".npy"});
  check_refused(bench, {"unpack", "a.pith", "-o", "v.pith"}, 2, {".onnx"});
}

TEST_CASE("commands: evaluate") {
  const Workbench bench;
  const CommandRun run = bench.done({"evaluate", kLenet, "--eval", kLenetTest});
  CHECK(run.out.starts_with("quality  top1 89.85 %, 10,000 samples, 95 % interval "));
  const json report = document(
      bench.done({"evaluate", kLenet, "--eval", kLenetTest, "--max-samples", "100", "--format", "json"}),
      "evaluate");
  CHECK(report["quality"]["samples"] == 100);
  CHECK(report["quality"]["before"].is_null());
  bench.done({"compress", kLenet, "-o", "a.pith"});
  const json beside = document(
      bench.done({"evaluate", "a.pith", "--calib", kLenetTrain, "--reference", kLenet, "--format", "json"}),
      "evaluate");
  CHECK(beside["quality"]["metric"] == "agreement");
  CHECK(beside["quality"]["before"] == 1.0);
  CHECK(beside["quality"]["samples"] == 2048);
  CHECK(beside["quality"]["after"].get<double>() > 0.98);
  CHECK(beside["quality"]["after"] == beside["quality"]["agreement"]);
  CHECK(bench.done({"evaluate", kLenet, "--eval", kLenetTrain, "--format", "quiet"}).out.empty());
}

TEST_CASE("commands: passes and doctor") {
  const Workbench bench;
  const json all = document(bench.done({"passes", "--format", "json"}), "passes");
  CHECK(all["passes"].size() >= 8);
  const json one = document(bench.done({"passes", "prune", "--format", "json"}), "passes");
  REQUIRE(one["passes"].size() == 1);
  CHECK(one["passes"][0]["options"][0]["name"] == "sparsity");
  check_refused(bench, {"passes", "prume"}, 2, {"unknown pass 'prume'", "'prune'"});

  const CommandRun doctor = bench.done({"doctor"});
  CHECK(doctor.out.contains("ONNX Runtime"));
  CHECK_FALSE(doctor.out.contains("NOT OK"));
  const json facts = document(bench.done({"doctor", "--format", "json"}), "doctor");
  CHECK(facts["facts"].size() >= 5);
  CHECK(bench.contents().empty());  // the write test leaves nothing
}

}  // namespace
}  // namespace pith::test
