// Measures models on the data that the flags name.
#pragma once

#include <optional>
#include <string>

#include "cli/ui.h"
#include "engine/evaluator.h"
#include "search/judge.h"

namespace pith::cli {

// The data of --calib, that of the evaluation where it measures on the same; nullopt when there is none.
class Evaluation;
[[nodiscard]] Result<std::optional<engine::Dataset>> calibration_data(
    const Args& args, const std::optional<Evaluation>& evaluation);

// --eval holds truth: the metric compares with it (top1 unless --metric says otherwise). --calib holds
// inputs only: the metric compares with a reference model (agreement unless --metric says otherwise).
class Evaluation {
 public:
  // nullopt when neither flag is given. Loads ONNX Runtime and reads the data; refuses bad specs, metrics
  // that need truth where there is none, a missing runtime, unreadable data.
  [[nodiscard]] static Result<std::optional<Evaluation>> open(const Args& args, Ui& ui);

  // With --holdout the samples are in two parts, one of which a search does not see.
  enum class Samples : std::uint8_t {
    searched,  // all without --holdout
    held_out,  // none without --holdout
  };
  [[nodiscard]] bool holds_out() const { return held_out_.has_value(); }

  // Measures the model that others are compared with. Call it before measure().
  [[nodiscard]] Result<void> measure_reference(const ir::Buffer& model);

  // What measure_reference() saw, as the quality of a model.
  [[nodiscard]] report::QualityEntry reference_quality() const;

  // Quality of a model, beside that of the reference if one was measured.
  [[nodiscard]] Result<report::QualityEntry> measure(const ir::Buffer& model, const std::string& stage,
                                                     Samples samples = Samples::searched);

  // The metric of a model and of the reference on all samples that measure() looks at. Estimates of other
  // models start from this one from then on (before from the reference). measure_reference() must have been
  // called.
  [[nodiscard]] Result<search::Judge::Measured> compare(const ir::Buffer& model, Samples samples);

  // An estimate of compare() on the samples searched, from about `most` of them: for rates those whose scores
  // are closest to another verdict on the model that compare() saw last, as if all others stayed as they were
  // there; for mse some spread evenly, as if all others changed like these. All of them are taken, and
  // `estimated` is not set, where there are not more or they are one recorded run.
  [[nodiscard]] Result<search::Judge::Measured> estimate(const ir::Buffer& model, std::uint64_t most);
  // The number of samples searched; of one recorded run what the model makes of it.
  [[nodiscard]] std::uint64_t searched_samples() const;

  // Of what compare() depends on beside the two models: data, metric, --max-samples.
  [[nodiscard]] engine::Digest content(Samples samples) const;

  // What it measures on, held out or not, and whether that is --eval.
  [[nodiscard]] const engine::Dataset& data() const { return searched_.data; }
  [[nodiscard]] bool labelled() const { return labelled_; }

  [[nodiscard]] bool higher_is_better() const { return engine::higher_is_better(metric_); }

  // Whether the metric means nothing without a reference model.
  [[nodiscard]] bool needs_reference() const { return !labelled_ || metric_ == engine::Metric::agreement; }
  [[nodiscard]] const engine::Runtime& runtime() const { return runtime_; }
  [[nodiscard]] const std::string& runtime_version() const { return runtime_.info().version; }

 private:
  Evaluation(const Args& args, Ui& ui, engine::Runtime runtime, engine::Dataset data, std::string data_name,
             engine::Metric metric, bool synthetic);

  [[nodiscard]] engine::EvaluateOptions options();
  struct Part {
    engine::Dataset data;
    std::optional<engine::Evaluation> reference;
    std::optional<engine::Evaluation> anchor;  // what estimates start from
  };
  // How a model is compared with the reference on these samples.
  [[nodiscard]] engine::EvaluateOptions compare_options(const Part& on);
  [[nodiscard]] Part& part(Samples samples);
  [[nodiscard]] const Part& part(Samples samples) const;
  [[nodiscard]] Result<engine::Evaluation> evaluate(const ir::Buffer& model, const Part& part,
                                                    const engine::EvaluateOptions& how) const;

  const Args& args_;
  Ui& ui_;
  engine::Runtime runtime_;
  Part searched_;
  std::optional<Part> held_out_;
  std::string data_name_;
  engine::Metric metric_;
  bool labelled_;
  bool synthetic_;
  std::optional<ir::Buffer> reference_model_;
};

}  // namespace pith::cli
