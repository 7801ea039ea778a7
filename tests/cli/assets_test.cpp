// Every model that we have, through every way out: .pith and .onnx, lossless and safe, measured on its data.
// Expected numbers are those that the models' own pages state.
#include <cmath>
#include <nlohmann/json.hpp>

#include "tests/cli/workbench.h"
#include "tests/support/json_schema.h"

namespace pith::test {
namespace {

using nlohmann::json;

const fs::path kModels = fs::path(PITH_ASSETS) / "models";
const std::string kData = (fs::path(PITH_ASSETS) / "data").string() + "/";
const std::string kFashionTest =
    "fashion/t10k-images-idx3-ubyte.gz,labels=" + kData + "fashion/t10k-labels-idx1-ubyte.gz,scale=1/255";

struct Asset {
  std::string model;
  std::string data;
  bool labelled = true;
  std::string metric = "top1";
  std::uint64_t samples = 0;  // 0: all
  double published = NAN;     // over these samples; NAN: not published for so few
  double safe_loss = 0.02;    // at most this much worse with 8-bit weights
};

bool assets_are_here() {
  if (fs::exists(kModels)) return true;
  if (std::getenv("CI") != nullptr) FAIL("PITH_ASSETS has no models, and CI must test them");
  WARN("PITH_ASSETS has no models: not tested");
  return false;
}

json run_json(const Workbench& bench, std::vector<std::string> arguments, const std::string& part) {
  arguments.insert(arguments.end(), {"--format", "json"});
  json document = json::parse(bench.done(arguments).out);
  CHECK(JsonSchema::of_reports().violations(document, part) == std::vector<std::string>{});
  return document;
}

void check_skipped_have_reasons(const json& report) {
  for (const json& pass : report["passes"]) {
    for (const json& skipped : pass["skipped"]) {
      CHECK_FALSE(skipped["where"].get<std::string>().empty());
      CHECK_FALSE(skipped["reason"].get<std::string>().empty());
    }
  }
}

void check_asset(const Asset& asset) {
  CAPTURE(asset.model);
  const std::string model = (kModels / asset.model).string();
  std::vector<std::string> data{asset.labelled ? "--eval" : "--calib", kData + asset.data, "--metric",
                                asset.metric};
  if (asset.samples != 0) data.insert(data.end(), {"--max-samples", std::to_string(asset.samples)});

  for (const std::string preset : {"lossless", "safe"}) {
    CAPTURE(preset);
    const Workbench bench;
    std::vector<std::string> compress{"compress", model, "-o",       "out.pith", "-o",
                                      "out.onnx", "-f",  "--preset", preset};
    compress.insert(compress.end(), data.begin(), data.end());
    const json report = run_json(bench, compress, "");
    check_skipped_have_reasons(report);
    const json& quality = report["quality"];
    CHECK(quality["metric"] == asset.metric);
    const double before = quality["before"];
    const double after = quality["after"];
    if (!std::isnan(asset.published)) CHECK(std::abs(before - asset.published) < 1e-4);
    if (preset == "lossless") {
      // Folding rounds, so a number may differ in its last digits; no prediction does.
      CHECK(std::abs(after - before) <= 1e-5 * std::max(1.0, std::abs(before)));
      CHECK(quality["agreement"] == 1.0);
      CHECK(report["outputs"][0]["bytes"] < report["inputs"][0]["bytes"]);
    } else {
      CHECK(quality["drop"].get<double>() <= asset.safe_loss);
    }

    // The .onnx output by itself is as good as the container that was measured.
    std::vector<std::string> evaluate{"evaluate", "out.onnx", "--reference", model};
    evaluate.insert(evaluate.end(), data.begin(), data.end());
    const json plain = run_json(bench, evaluate, "evaluate");
    CHECK(std::abs(plain["quality"]["after"].get<double>() - after) <= 1e-6);
    bench.done({"verify", "out.pith"});
  }
}

TEST_CASE("assets: the example network, on every image") {
  const Workbench bench;
  const json report = run_json(bench, {"compress", kLenet, "-o", "out.pith", "--eval", kLenetTest}, "");
  CHECK(report["quality"]["before"] == 0.8985);
  CHECK(report["quality"]["samples"] == 10000);
}

TEST_CASE("assets: dense and recurrent networks") {
  if (!assets_are_here()) return;
  check_asset({.model = "fashion/lenet-300-100.onnx", .data = kFashionTest, .published = 0.8985});
  check_asset({.model = "fashion/lstm.onnx", .data = kFashionTest, .samples = 200});
  check_asset({.model = "fashion/transformer.onnx", .data = kFashionTest, .samples = 200});
}

TEST_CASE("assets: convolutional networks") {
  if (!assets_are_here()) return;
  for (const std::string name : {"lenet-5-caffe", "squeezenet-small", "vgg-small"})
    check_asset({.model = "fashion/" + name + ".onnx", .data = kFashionTest, .samples = 100});
}

TEST_CASE("assets: networks with batch normalization and depthwise convolution") {
  if (!assets_are_here()) return;
  for (const std::string name : {"mobilenet-small", "mobilenet-small-bn", "resnet-small"})
    check_asset({.model = "fashion/" + name + ".onnx", .data = kFashionTest, .samples = 100});
}

TEST_CASE("assets: the small networks of the MLPerf Tiny reference models") {
  if (!assets_are_here()) return;
  const std::string folder = "mlperf-tiny/";
  check_asset(
      {.model = folder + "dscnn_kws.onnx", .data = folder + "dscnn_kws_all_1000.npz", .published = 0.913});
  check_asset({.model = folder + "streaming_wakeword.onnx",
               .data = folder + "streaming_wakeword_45.npz",
               .published = 41.0 / 45.0});
  check_asset({.model = folder + "mobilenetv1_025_vww.onnx",
               .data = folder + "mobilenetv1_025_vww_unlabelled_96.npz",
               .labelled = false,
               .metric = "agreement",
               .published = 1.0,
               .safe_loss = 0.05});
}

TEST_CASE("assets: the residual networks of the MLPerf Tiny reference models") {
  if (!assets_are_here()) return;
  const std::string folder = "mlperf-tiny/";
  check_asset(
      {.model = folder + "resnet8_cifar10.onnx", .data = folder + "resnet8_eval_1000.npz", .samples = 200});
  check_asset({.model = folder + "resnet8_large_cifar10.onnx",
               .data = folder + "resnet8_eval_1000.npz",
               .samples = 50});
}

TEST_CASE("assets: the autoencoder, by its reconstruction and by its difference from the original") {
  if (!assets_are_here()) return;
  const std::string data = "mlperf-tiny/autoencoder_toycar_196.npz";
  check_asset({.model = "mlperf-tiny/autoencoder_toycar.onnx",
               .data = data + ",labels=input",
               .metric = "mse",
               .published = 9.4913,
               .safe_loss = 0.1});
  check_asset({.model = "mlperf-tiny/autoencoder_toycar.onnx",
               .data = data,
               .labelled = false,
               .metric = "mse",
               .published = 0.0,
               .safe_loss = 0.1});
}

TEST_CASE("assets: a network that tells file types") {
  if (!assets_are_here()) return;
  check_asset({.model = "magika/magika_standard_v3_3.onnx",
               .data = "magika/magika_basic_76.npz",
               .samples = 12,
               .published = 1.0});
}

void check_voice(const std::string& model, const std::string& data) {
  check_asset({.model = "silero-vad/" + model,
               .data = "silero-vad/" + data,
               .labelled = false,
               .metric = "agreement",
               .published = 1.0});
}

TEST_CASE("assets: a network of branches within branches, its weights in Constant nodes") {
  if (!assets_are_here()) return;
  check_voice("silero_vad.onnx", "silero_16k_batch64.npz");
  check_voice("silero_vad_openvino_16k.onnx", "silero_16k_single_nosr.npz");
}

TEST_CASE("assets: networks with branches, and their weights outside") {
  if (!assets_are_here()) return;
  check_voice("silero_vad_16k_op15.onnx", "silero_16k_batch64.npz");
  check_voice("silero_vad_op18_ifless.onnx", "silero_8k_batch64.npz");
  check_voice("silero_vad_half.onnx", "silero_16k_batch64_nosr.npz");
}

TEST_CASE("assets: no model is left out") {
  if (!assets_are_here()) return;
  std::size_t models = 0;
  for (const auto& entry : fs::recursive_directory_iterator(kModels))
    models += entry.path().extension() == ".onnx" ? 1U : 0U;
  CHECK(models == 21);  // as many as the cases above name
}

}  // namespace
}  // namespace pith::test
