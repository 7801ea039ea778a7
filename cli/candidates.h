// Measures the candidates of a search as they would ship.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "cli/evaluation.h"
#include "cli/measurement_cache.h"
#include "cli/ship.h"
#include "passes/runner.h"
#include "search/judge.h"

namespace pith::cli {

class Candidates final : public search::Judge {
 public:
  // How a candidate goes on: through the passes of `pipeline` from number `first` on, into this format.
  struct Finish {
    const passes::Pipeline& pipeline;
    std::size_t first;
    const passes::PassContext& context;
    ModelFormat format;
  };

  // What --calib names.
  struct Calibration {
    engine::Runtime runtime;
    engine::Dataset data;
  };

  // Divergences are from the outputs of the original on the calibration data; the metric is that of
  // `evaluation`, whose reference is the original already. What was measured in an earlier run is taken from
  // `folder` (empty: nothing is). `finish` and `evaluation` must outlive this.
  [[nodiscard]] static Result<std::unique_ptr<Candidates>> make(Calibration calibration,
                                                                const ModelFile& original,
                                                                Evaluation& evaluation, const Finish& finish,
                                                                const std::filesystem::path& folder);

  [[nodiscard]] Result<double> divergence(const ir::Model& candidate) override;
  [[nodiscard]] Result<Measured> metric(const ir::Model& candidate, Samples samples) override;
  [[nodiscard]] bool holds_out() const override { return evaluation_.holds_out(); }
  [[nodiscard]] Result<std::uint64_t> bytes(const ir::Model& candidate) override;
  [[nodiscard]] std::uint64_t original_bytes() const override { return original_bytes_; }

 private:
  Candidates(Calibration calibration, Evaluation& evaluation, const Finish& finish, const ModelFile& original)
      : calibration_(std::move(calibration)),
        evaluation_(evaluation),
        finish_(finish),
        original_(original.model),
        original_bytes_(original.total_bytes) {}

  [[nodiscard]] Result<double> measure_divergence(const ir::Model& candidate);
  // The outputs of a model on the calibration data, batch by batch.
  [[nodiscard]] Result<std::vector<std::vector<ir::Tensor>>> outputs_of(const ir::Model& model) const;

  Calibration calibration_;
  Evaluation& evaluation_;
  Finish finish_;
  ir::Model original_;
  std::uint64_t original_bytes_;
  std::vector<std::vector<ir::Tensor>> outputs_;  // of the original; empty until they are asked for
  std::optional<ir::Buffer> anchor_;              // what was measured on all samples last
  bool anchored_ = false;                         // whether `evaluation` saw it too
  MeasurementCache cache_;
};

}  // namespace pith::cli
