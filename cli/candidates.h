// Measures the candidates of a search as they would ship.
#pragma once

#include <memory>
#include <vector>

#include "cli/evaluation.h"
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

  // Runs the original on the calibration data and keeps its outputs; the metric is that of `evaluation`,
  // whose reference is the original already. `finish` and `evaluation` must outlive this.
  [[nodiscard]] static Result<std::unique_ptr<Candidates>> make(Calibration calibration,
                                                                const ModelFile& original,
                                                                Evaluation& evaluation, const Finish& finish);

  [[nodiscard]] Result<double> divergence(const ir::Model& candidate) override;
  [[nodiscard]] Result<Measured> metric(const ir::Model& candidate, Samples samples) override;
  [[nodiscard]] bool holds_out() const override { return evaluation_.holds_out(); }
  [[nodiscard]] Result<std::uint64_t> bytes(const ir::Model& candidate) override;
  [[nodiscard]] std::uint64_t original_bytes() const override { return original_bytes_; }

 private:
  Candidates(Calibration calibration, Evaluation& evaluation, const Finish& finish,
             std::uint64_t original_bytes)
      : calibration_(std::move(calibration)),
        evaluation_(evaluation),
        finish_(finish),
        original_bytes_(original_bytes) {}

  // The outputs of a model on the calibration data, batch by batch.
  [[nodiscard]] Result<std::vector<std::vector<ir::Tensor>>> outputs_of(const ir::Model& model) const;

  Calibration calibration_;
  Evaluation& evaluation_;
  Finish finish_;
  std::uint64_t original_bytes_;
  std::vector<std::vector<ir::Tensor>> outputs_;
};

}  // namespace pith::cli
