// Trained models and their data: every number below is the one that the model's own page states.
#include "engine/evaluator.h"
#include "tests/support/catch.h"

namespace pith::engine {
namespace {

const std::filesystem::path kExample = std::filesystem::path(PITH_SOURCE_DIR) / "examples" / "fashion-mnist";
const std::filesystem::path kAssets = PITH_ASSETS;

struct Files {
  ir::Buffer model;
  Dataset data;
};

std::optional<Files> open(const std::filesystem::path& model, const std::string& spec_text) {
  if (!std::filesystem::exists(model)) {
    WARN(model.filename() << " is not here: not tested");
    return std::nullopt;
  }
  const auto spec = DatasetSpec::parse(spec_text);
  REQUIRE(spec);
  auto data = Dataset::open(*spec);
  if (!data) FAIL(data.error().message());
  return Files{*ir::Buffer::map_file(model), *std::move(data)};
}

Evaluation measure(const Files& files, const EvaluateOptions& options) {
  const auto runtime = Runtime::load();
  REQUIRE(runtime);
  const auto result = evaluate(*runtime, files.model.bytes(), files.data, options);
  if (!result) FAIL(result.error().message());
  return *result;
}

TEST_CASE("assets: the example network is right on 8985 of 10000 images") {
  const auto files = open(kExample / "lenet-300-100.onnx",
                          (kExample / "t10k-images-idx3-ubyte.gz").string() + ",labels=" +
                              (kExample / "t10k-labels-idx1-ubyte.gz").string() + ",scale=1/255");
  if (!files) return;
  EvaluateOptions options;
  const auto one = measure(*files, options);
  CHECK(one.quality.correct == 8985);
  CHECK(one.quality.samples == 10000);
  options.threads = 2;
  CHECK(measure(*files, options).predictions.decisions == one.predictions.decisions);
}

TEST_CASE("assets: published accuracies come out") {
  struct Case {
    std::string model, data;
    std::uint64_t correct, samples;
  };
  for (const Case& each : std::vector<Case>{
           {"mlperf-tiny/dscnn_kws.onnx", "mlperf-tiny/dscnn_kws_all_1000.npz", 913, 1000},
           {"mlperf-tiny/resnet8_cifar10.onnx", "mlperf-tiny/resnet8_eval_1000.npz", 751, 1000},
           {"mlperf-tiny/streaming_wakeword.onnx", "mlperf-tiny/streaming_wakeword_45.npz", 41, 45},
           {"magika/magika_standard_v3_3.onnx", "magika/magika_basic_76.npz", 76, 76}}) {
    CAPTURE(each.model);
    const auto files = open(kAssets / "models" / each.model, (kAssets / "data" / each.data).string());
    if (!files) continue;
    EvaluateOptions options;
    options.threads = 2;
    const auto result = measure(*files, options);
    CHECK(result.quality.correct == each.correct);
    CHECK(result.quality.samples == each.samples);
  }
}

TEST_CASE("assets: the autoencoder's reconstruction error") {
  const auto files =
      open(kAssets / "models" / "mlperf-tiny" / "autoencoder_toycar.onnx",
           (kAssets / "data" / "mlperf-tiny" / "autoencoder_toycar_196.npz").string() + ",labels=input");
  if (!files) return;
  EvaluateOptions options;
  options.metric = Metric::mse;
  CHECK(measure(*files, options).quality.value == Approx(9.4913).epsilon(1e-4));
}

TEST_CASE("assets: recorded runs of the speech detector agree with themselves") {
  struct Case {
    std::string model, data;
    std::uint64_t samples;
  };
  for (const Case& each : std::vector<Case>{{"silero_vad", "silero_16k_batch64", 64},
                                            {"silero_vad", "silero_8k_batch64", 64},
                                            {"silero_vad_16k_op15", "silero_16k_batch64", 64},
                                            {"silero_vad_op18_ifless", "silero_8k_batch64", 64},
                                            {"silero_vad_half", "silero_16k_batch64_nosr", 64},
                                            {"silero_vad_openvino_16k", "silero_16k_single_nosr", 1}}) {
    CAPTURE(each.model, each.data);
    const auto files = open(kAssets / "models" / "silero-vad" / (each.model + ".onnx"),
                            (kAssets / "data" / "silero-vad" / (each.data + ".npz")).string());
    if (!files) continue;
    EvaluateOptions options;
    options.metric = Metric::agreement;
    options.reference_model = files->model.bytes();
    const auto result = measure(*files, options);
    CHECK(result.quality.samples == each.samples);
    CHECK(result.quality.value == 1);
  }
}

TEST_CASE("assets: unlabelled and calibration data bind to their models") {
  const auto runtime = Runtime::load();
  REQUIRE(runtime);
  for (const auto& [model, data] : std::vector<std::pair<std::string, std::string>>{
           {"mlperf-tiny/mobilenetv1_025_vww.onnx", "mlperf-tiny/mobilenetv1_025_vww_unlabelled_96.npz"},
           {"mlperf-tiny/resnet8_large_cifar10.onnx", "mlperf-tiny/resnet8_calib_500.npz"},
           {"mlperf-tiny/dscnn_kws.onnx", "mlperf-tiny/dscnn_kws_calib_200.npz"},
           {"magika/magika_standard_v3_3.onnx", "magika/magika_calib_512.npz"},
           {"magika/magika_standard_v3_3.onnx", "magika/magika_eval_2767.npz"},
           {"fashion/vgg-small.onnx", "fashion/train-2048.npz,scale=1/255"}}) {
    CAPTURE(model, data);
    const auto files = open(kAssets / "models" / model, (kAssets / "data" / data).string());
    if (!files) continue;
    const auto session = Session::create(*runtime, files->model.bytes());
    REQUIRE(session);
    const auto bound = files->data.bind(session->inputs());
    if (!bound) FAIL(bound.error().message());
    const auto batch = bound->batch(0);
    REQUIRE(batch);
    CHECK(session->run(*batch));
  }
}

}  // namespace
}  // namespace pith::engine
