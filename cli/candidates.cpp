#include "cli/candidates.h"

#include "engine/divergence.h"
#include "engine/taps.h"
#include "passes/parallel.h"

namespace pith::cli {
namespace {

constexpr std::uint64_t kCalibrationSamples = 1024;  // whose outputs are compared
constexpr std::uint64_t kSomeSamples = 2000;

}  // namespace

Result<std::unique_ptr<Candidates>> Candidates::make(Calibration calibration, const ModelFile& original,
                                                     Evaluation& evaluation, const Finish& finish) {
  auto made = std::unique_ptr<Candidates>(
      new Candidates(std::move(calibration), evaluation, finish, original.total_bytes));
  PITH_TRY(made->outputs_, made->outputs_of(original.model));
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
  PITH_TRY(const ir::Buffer file, runnable(candidate));
  if (samples == Samples::held_out) return evaluation_.compare(file, Evaluation::Samples::held_out);
  return evaluation_.compare(file, Evaluation::Samples::searched,
                             samples == Samples::some ? kSomeSamples : 0);
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
