#include "cli/candidates.h"

#include <algorithm>

#include "engine/divergence.h"
#include "engine/taps.h"
#include "passes/parallel.h"

namespace pith::cli {
namespace {

constexpr std::uint64_t kCalibrationSamples = 1024;  // whose outputs are compared
// An estimate is made from a share of the samples, and from no fewer than this. At a loss of a point or less
// nearly all samples that change are among the eighth with the closest scores.
constexpr std::uint64_t kShareOfSamples = 8;
constexpr std::uint64_t kLeastSamples = 256;

// Changes whenever a measurement comes to mean something else (engine::divergence, metrics): measurements
// that are kept under another one are not found.
constexpr std::string_view kMeaning = "2";

}  // namespace

Result<std::unique_ptr<Candidates>> Candidates::make(Calibration calibration, const ModelFile& original,
                                                     Evaluation& evaluation, const Finish& finish,
                                                     const std::filesystem::path& folder) {
  auto made =
      std::unique_ptr<Candidates>(new Candidates(std::move(calibration), evaluation, finish, original));
  if (folder.empty()) return made;
  PITH_TRY(const ir::Buffer file, runnable(original));
  engine::ContentHash hash;
  hash.add(kMeaning).add(file.bytes()).add(made->calibration_.data.content()).add(kCalibrationSamples);
  hash.add(evaluation.runtime_version()).add(processor_description());
  made->cache_ = MeasurementCache(folder, hash.digest());
  return made;
}

Result<std::vector<std::vector<ir::Tensor>>> Candidates::outputs_of(const ir::Model& model) const {
  PITH_TRY(const auto taps, engine::Taps::create_on_few(calibration_.runtime, model, model.graph().outputs(),
                                                        calibration_.data, kCalibrationSamples));
  std::vector<std::vector<ir::Tensor>> batches(taps.data().batches());
  auto all_run = passes::for_each_index(batches.size(), finish_.context.threads,
                                        [&](std::uint64_t batch) -> Result<void> {
                                          PITH_TRY(batches[batch], taps.run(batch));
                                          return {};
                                        });
  PITH_CHECK_OK(std::move(all_run));
  return batches;
}

Result<double> Candidates::divergence(const ir::Model& candidate) {
  PITH_TRY(const ir::Buffer file, runnable(candidate));
  engine::ContentHash hash;
  hash.add("divergence").add(file.bytes());
  const engine::Digest key = hash.digest();
  if (const auto known = cache_.find(key)) return known->value;
  PITH_TRY(const double measured, measure_divergence(candidate));
  cache_.keep(key, {.value = measured});
  return measured;
}

Result<double> Candidates::measure_divergence(const ir::Model& candidate) {
  if (outputs_.empty()) {
    PITH_TRY(outputs_, outputs_of(original_));
  }
  PITH_TRY(const auto outputs, outputs_of(candidate));
  double sum = 0;
  std::size_t compared = 0;
  for (std::size_t batch = 0; batch < outputs.size(); ++batch) {
    for (std::size_t i = 0; i < outputs[batch].size(); ++i) {
      if (outputs_[batch][i].dtype() != ir::DType::float32) continue;
      PITH_TRY(const double one, engine::divergence(outputs_[batch][i], outputs[batch][i]));
      sum += one;
      ++compared;
    }
  }
  if (compared == 0) {
    return fail(ErrorCode::model, "no output of the model is float32, so candidates cannot be compared",
                "leave out --budget and pass a pipeline");
  }
  return sum / static_cast<double>(compared);
}

Result<search::Judge::Measured> Candidates::metric(const ir::Model& candidate, Samples samples) {
  PITH_TRY(ir::Buffer file, runnable(candidate));
  const auto part =
      samples == Samples::held_out ? Evaluation::Samples::held_out : Evaluation::Samples::searched;
  engine::ContentHash hash;
  hash.add("metric").add(file.bytes()).add(evaluation_.content(part));
  const std::uint64_t some = std::max(kLeastSamples, evaluation_.searched_samples() / kShareOfSamples);
  if (samples == Samples::some) {
    hash.add(some).add(anchor_ ? anchor_->bytes() : std::span<const std::byte>());
  }
  const engine::Digest key = hash.digest();
  const auto known = cache_.find(key);
  if (samples == Samples::some && !known && anchor_ && !anchored_) {
    // What an earlier run measured on all samples has left no trace of each.
    PITH_CHECK_OK(evaluation_.compare(*anchor_, part));
    anchored_ = true;
  }
  Measured measured{.higher_is_better = evaluation_.higher_is_better()};
  if (known) {
    measured.metric = known->value;
    measured.original = known->original;
    measured.estimated = known->estimated > 0;
  } else if (samples == Samples::some) {
    PITH_TRY(measured, evaluation_.estimate(file, some));
  } else {
    PITH_TRY(measured, evaluation_.compare(file, part));
  }
  if (!known) cache_.keep(key, {measured.metric, measured.original, measured.estimated ? 1.0 : 0.0});
  if (samples == Samples::all) {
    anchor_ = std::move(file);
    anchored_ = !known;
  }
  return measured;
}

Result<std::uint64_t> Candidates::bytes(const ir::Model& candidate) {
  ir::Model finished = candidate;
  passes::PassContext context = finish_.context;
  PITH_CHECK_OK(passes::run_from(finish_.pipeline, finish_.first, finished, context));
  std::vector<std::string> notes;
  PITH_TRY(const ir::Pieces file, encode_model(finished, finish_.format, nullptr, notes));
  return file.size();
}

}  // namespace pith::cli
