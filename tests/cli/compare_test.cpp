// `compare` as it is used: exit codes, stdout, stderr.
#include <nlohmann/json.hpp>

#include "tests/cli/documents.h"
#include "tests/cli/refusal.h"
#include "tests/cli/samples.h"

namespace pith::test {
namespace {

using nlohmann::json;

TEST_CASE("compare: a model with itself, packed") {
  const Workbench bench;
  bench.done({"pack", kLenet, "-o", "a.pith"});
  const CommandRun run = bench.done({"compare", kLenet, "a.pith", "--calib", "synthetic:n=20", "--tolerance",
                                     "0", "--ort-optimizations", "off"});
  for (const std::string part :
       {"lenet-300-100.onnx -> a.pith\n", "x smaller\n", "tensors  6 equal bit for bit, 0 differ\n",
        "outputs  on 20 synthetic samples, ONNX Runtime ", "with optimisations off\n",
        "result   within the tolerance of 0\n"}) {
    CAPTURE(run.out, part);
    CHECK(run.out.contains(part));
  }
  CHECK_FALSE(run.err.contains("error"));
  const json report = document(bench.done({"compare", kLenet, "a.pith", "--calib", "synthetic:n=20", "--seed",
                                           "3", "--ort-optimizations", "off", "--format", "json"}),
                               "compare");
  CHECK(report["status"] == "done");
  CHECK(report["run"]["synthetic"] == true);
  CHECK(report["run"]["data"] == "synthetic");
  CHECK(report["run"]["samples"] == 20);
  CHECK(report["run"]["ort_optimizations"] == false);
  CHECK(report["run"]["outputs"][0]["equal"] == true);
  CHECK(report["run"]["outputs"][0]["agreement"] == 1.0);
  CHECK(report["invocation"]["seed"] == 3);
  CHECK(report["left_out"].empty());
  CHECK(report["tensors"].size() == 6);
}

TEST_CASE("compare: a tolerance that is exceeded ends with 1, and says so on stderr") {
  const Workbench bench;
  bench.done({"compress", kLenet, "-o", "b.pith"});
  const std::vector<std::string> arguments{"compare", kLenet,      "b.pith",
                                           "--calib", kLenetTrain, "--tolerance"};
  const auto with = [&](const std::string& tolerance, const std::string& flag) {
    auto all = arguments;
    all.insert(all.end(), {tolerance, flag});
    return bench.pith(all);
  };
  const CommandRun failed = with("0.000001", "-v");
  CHECK(failed.exit_code == 1);
  CHECK(failed.out.contains("outputs  on 2,048 samples of train-2048.npz, ONNX Runtime "));
  CHECK(failed.out.contains("result   output 'logits' has a relative error of "));
  CHECK(error_of(failed).contains("output 'logits' has a relative error of "));
  CHECK(failed.out.contains("dense -> affine"));
  const CommandRun as_json = with("0.000001", "--format=json");
  CHECK(as_json.exit_code == 1);
  const json report = document(as_json, "compare");
  CHECK(report["status"] == "tolerance_exceeded");
  CHECK(report["exit_code"] == 1);
  CHECK(report["run"]["outputs"][0]["max_relative_error"].get<double>() > 0.000001);
  CHECK(report["run"]["outputs"][0]["agreement"].get<double>() > 0.98);
  CHECK(with("0.5", "-q").exit_code == 0);
  const CommandRun bits = with("0", "-q");
  CHECK(bits.exit_code == 1);
  CHECK(bits.out.empty());
  CHECK(error_of(bits).contains("is not equal bit for bit"));
}

TEST_CASE("compare: without data or runtime the rest is compared, and what is left out is said") {
  const Workbench bench;
  bench.write("a.onnx", tiny_model());
  bench.write("b.onnx", small_model());
  const CommandRun run = bench.done({"compare", "a.onnx", "b.onnx"});
  CHECK(
      run.out.contains("left out outputs: there is no data; pass --calib DATA, or --calib synthetic:n=16\n"));
  CHECK(run.out.contains("input input: float32 [N,4] -> float32 [N,64]\n"));
  const json report = document(bench.done({"compare", "a.onnx", "b.onnx", "--format", "json"}), "compare");
  CHECK(report["run"].is_null());
  CHECK(report["left_out"].size() == 1);
  CHECK(report["tensors"][0]["max_abs_error"].is_null());

  const std::vector<std::string> without{"compare",       "a.onnx",    "a.onnx",    "--calib",
                                         "synthetic:n=4", "--ort-lib", "missing.so"};
  CHECK(bench.done(without).out.contains("left out outputs: "));
  std::vector<std::string> strict = without;
  strict.insert(strict.end(), {"--tolerance", "0"});
  check_refused(bench, strict, 5, {"missing.so"});
}

TEST_CASE("compare: what is refused") {
  const Workbench bench;
  bench.write("a.onnx", tiny_model());
  check_refused(bench, {"compare", "a.onnx"}, 2, {"B"});
  check_refused(bench, {"compare", "a.onnx", "a.onnx", "--tolerance", "0"}, 2, {"--tolerance", "--calib"});
  check_refused(bench, {"compare", "a.onnx", "a.onnx", "--tolerance", "-1"}, 2, {"--tolerance"});
  check_refused(bench, {"compare", "a.onnx", "a.onnx", "--tolerance", "nan"}, 2, {"--tolerance"});
  check_refused(bench, {"compare", "a.onnx", "a.onnx", "--tolerance", "few"}, 2, {"--tolerance"});
  check_refused(bench, {"compare", "a.onnx", "a.onnx", "--ort-optimizations", "of"}, 2, {"'of'", "'off'"});
  check_refused(bench, {"compare", "a.onnx", "a.onnx", "--calib", "synthetic:m=1"}, 2, {"'m'"});
  check_refused(bench, {"compare", "a.onnx", "a.onnx", "--calib", "x.npz", "--eval", "y.npz"}, 2, {"--eval"});
  check_refused(bench, {"compare", "a.onnx", "missing.onnx"}, 3, {"missing.onnx"});
  check_refused(bench, {"compare", "a.onnx", "a.onnx", "--calib", "missing.npz"}, 4, {"missing.npz"});
}

TEST_CASE("compare: synthetic data elsewhere is labelled, and is no truth") {
  const Workbench bench;
  const CommandRun run = bench.done({"evaluate", kLenet, "--reference", kLenet, "--calib", "synthetic:n=8"});
  CHECK(run.out.contains(", 8 synthetic samples,"));
  check_refused(bench, {"evaluate", kLenet, "--eval", "synthetic:n=8"}, 2, {"no labels"});
}

}  // namespace
}  // namespace pith::test
