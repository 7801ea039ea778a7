#include "engine/evaluator.h"

#include <fmt/core.h>

#include <mutex>

#include "engine/session.h"
#include "passes/parallel.h"

namespace pith::engine {
namespace {

// What is kept of a batch.
struct Scores {
  std::uint64_t samples = 0;
  std::uint64_t correct = 0;
  std::vector<double> squared_errors;
  std::vector<std::int64_t> decisions;
  std::vector<std::int64_t> reference;
  std::vector<std::int64_t> wanted;  // what the metric takes for right; empty for mse
  std::vector<double> margins;
};

// A model and the data in the layout that it wants.
struct Subject {
  Session session;
  BoundDataset data;
  std::vector<std::string> output;  // the one that is measured

  static Result<Subject> make(const Runtime& runtime, std::span<const std::byte> model, const Dataset& data,
                              std::uint64_t max_samples) {
    PITH_TRY(Session session, Session::create(runtime, model));
    if (session.outputs().empty()) return fail(ErrorCode::model, "the model has no outputs");
    PITH_TRY(BoundDataset bound, data.bind(session.inputs(), max_samples));
    std::vector<std::string> output{session.outputs().front().name};
    return Subject{std::move(session), std::move(bound), std::move(output)};
  }

  [[nodiscard]] Result<ir::Tensor> run(std::uint64_t batch) const {
    PITH_TRY(const auto inputs, data.batch(batch));
    PITH_TRY(auto outputs, session.run(inputs, output));
    const ir::Shape& shape = outputs.front().tensor.shape();
    const std::uint64_t samples = data.samples_in(batch);
    const bool one_row_each =
        !shape.empty() &&
        (data.recorded_run() ? shape[0] > 0 : static_cast<std::uint64_t>(shape[0]) == samples);
    if (!one_row_each) {
      return fail(ErrorCode::model,
                  fmt::format("output '{}' has shape {} for {} samples; one row a sample is needed",
                              output.front(), ir::to_string(shape), samples));
    }
    return std::move(outputs.front().tensor);
  }
};

class Evaluator {
 public:
  Evaluator(const EvaluateOptions& options, Subject subject, std::optional<Subject> reference)
      : options_(options), subject_(std::move(subject)), reference_(std::move(reference)) {}

  Result<Evaluation> run() {
    PITH_CHECK_OK(check());
    const std::uint64_t batches = subject_.data.batches();
    scores_.resize(batches);
    std::uint64_t done = 0;
    std::mutex mutex;
    PITH_CHECK_OK(passes::for_each_index(batches, options_.threads, [&](std::uint64_t batch) -> Result<void> {
      {
        const std::lock_guard lock(mutex);
        if (options_.cancelled && options_.cancelled()) {
          return fail(ErrorCode::interrupted, "the evaluation was stopped");
        }
      }
      PITH_TRY(scores_[batch], score(batch));
      const std::lock_guard lock(mutex);
      ++done;
      if (options_.progress) options_.progress(done, batches);
      return {};
    }));
    return collect();
  }

 private:
  // What can be refused before anything is run.
  Result<void> check() const {
    const auto& labels = subject_.data.labels();
    const bool has_model = reference_.has_value();
    if (options_.metric == Metric::agreement && !has_model && options_.reference == nullptr) {
      return fail(ErrorCode::usage, "agreement needs a reference model", "pass --reference MODEL");
    }
    if (options_.metric == Metric::top1) {
      if (!labels) {
        return fail(ErrorCode::data, "top1 needs labels, and the data has none",
                    "name them with labels=, or measure agreement with a reference model");
      }
      PITH_CHECK_OK(class_labels(*labels));
    }
    if (options_.metric == Metric::mse && !labels && !has_model) {
      return fail(ErrorCode::data, "mse needs labels of the output's shape or a reference model",
                  "name them with labels=, or pass --reference MODEL");
    }
    if (has_model && (reference_->data.samples() != subject_.data.samples() ||
                      reference_->data.batch_size() != subject_.data.batch_size())) {
      return fail(ErrorCode::data, "the model and its reference take the data in batches of different sizes");
    }
    return {};
  }

  [[nodiscard]] Result<Scores> score(std::uint64_t batch) const {
    PITH_TRY(const ir::Tensor output, subject_.run(batch));
    std::optional<ir::Tensor> expected;
    if (reference_) {
      PITH_TRY(expected, reference_->run(batch));
    }
    Scores scores;
    scores.samples = static_cast<std::uint64_t>(output.shape()[0]);
    auto decisions = decide(output);
    if (!decisions && options_.metric != Metric::mse) return std::unexpected(std::move(decisions).error());
    if (decisions) {
      scores.decisions = decisions->of_sample;
      if (expected && comparable(output, *expected)) {
        PITH_TRY(Decisions wanted, decide(*expected));
        scores.reference = std::move(wanted.of_sample);
      }
    }
    if (options_.metric == Metric::agreement && expected && scores.reference.empty()) {
      return std::unexpected(different_shapes(output, *expected, "reference's output"));
    }
    if (options_.metric == Metric::top1) {
      PITH_TRY(const auto labels, batch_labels(batch, output));
      PITH_TRY(const auto classes,
               class_labels(labels, decisions->classes, batch * subject_.data.batch_size()));
      scores.correct = count_equal(scores.decisions, classes);
      scores.wanted = classes;
    }
    if (options_.metric == Metric::agreement) {
      PITH_TRY(scores.wanted, reference_decisions(batch, scores));
    }
    if (!scores.wanted.empty()) {
      PITH_TRY(scores.margins, margins(output, scores.wanted));
    }
    if (options_.metric == Metric::mse) {
      PITH_TRY(scores.squared_errors, errors_of(batch, output, expected));
    }
    return scores;
  }

  // What the reference decides for the samples of a batch.
  [[nodiscard]] Result<std::vector<std::int64_t>> reference_decisions(std::uint64_t batch,
                                                                      const Scores& scores) const {
    if (options_.reference == nullptr) return scores.reference;
    const auto& all = options_.reference->decisions;
    const std::uint64_t first = batch * subject_.data.batch_size();
    if (first + scores.samples > all.size()) {
      const std::uint64_t samples = subject_.data.recorded_run() ? scores.samples : subject_.data.samples();
      return fail(ErrorCode::data,
                  fmt::format("the reference decided {} samples, the model {}", all.size(), samples));
    }
    const auto from = all.begin() + static_cast<std::ptrdiff_t>(first);
    return std::vector(from, from + static_cast<std::ptrdiff_t>(scores.samples));
  }

  [[nodiscard]] Result<ir::Tensor> batch_labels(std::uint64_t batch, const ir::Tensor& output) const {
    const ir::Tensor& labels = *subject_.data.labels();
    const auto samples = static_cast<std::uint64_t>(output.shape()[0]);
    if (!subject_.data.recorded_run()) return rows(labels, batch * subject_.data.batch_size(), samples);
    if (labels.shape().empty() || static_cast<std::uint64_t>(labels.shape()[0]) != samples) {
      return fail(ErrorCode::data, fmt::format("the model gives {} samples, but the labels have shape {}",
                                               samples, ir::to_string(labels.shape())));
    }
    return labels;
  }

  [[nodiscard]] Result<std::vector<double>> errors_of(std::uint64_t batch, const ir::Tensor& output,
                                                      const std::optional<ir::Tensor>& expected) const {
    if (subject_.data.labels()) {
      PITH_TRY(const ir::Tensor labels, batch_labels(batch, output));
      if (comparable(output, labels)) return squared_errors(output, labels);
      if (!expected) return std::unexpected(different_shapes(output, labels, "labels"));
    }
    if (!comparable(output, *expected)) {
      return std::unexpected(different_shapes(output, *expected, "reference's output"));
    }
    return squared_errors(output, *expected);
  }

  static Error different_shapes(const ir::Tensor& output, const ir::Tensor& other, std::string_view what) {
    return {ErrorCode::data, fmt::format("the output has shape {}, but the {} {}",
                                         ir::to_string(output.shape()), what, ir::to_string(other.shape()))};
  }

  Result<Evaluation> collect() const {
    Scores all;
    for (const Scores& scores : scores_) {
      all.samples += scores.samples;
      all.correct += scores.correct;
      const auto append = [](auto& to, const auto& from) { to.insert(to.end(), from.begin(), from.end()); };
      append(all.squared_errors, scores.squared_errors);
      append(all.decisions, scores.decisions);
      append(all.reference, scores.reference);
      append(all.wanted, scores.wanted);
      append(all.margins, scores.margins);
    }
    const std::vector<std::int64_t>& reference =
        options_.reference ? options_.reference->decisions : all.reference;
    Evaluation evaluation;
    if (!reference.empty() && !all.decisions.empty()) {
      if (reference.size() != all.decisions.size()) {
        return fail(ErrorCode::data, fmt::format("the reference decided {} samples, the model {}",
                                                 reference.size(), all.decisions.size()));
      }
      evaluation.agreement = rate(Metric::agreement, count_equal(all.decisions, reference), all.samples);
    }
    switch (options_.metric) {
      case Metric::top1:
        evaluation.quality = rate(Metric::top1, all.correct, all.samples);
        break;
      case Metric::mse:
        evaluation.quality = mean_squared_error(all.squared_errors);
        break;
      case Metric::agreement:
        if (!evaluation.agreement)
          return fail(ErrorCode::data, "the reference decided nothing to agree with");
        evaluation.quality = *evaluation.agreement;
        break;
    }
    evaluation.of_sample = std::move(all.squared_errors);
    for (std::size_t i = 0; i < all.wanted.size(); ++i) {
      const bool right = all.decisions[i] == all.wanted[i] && all.decisions[i] != kNoDecision;
      evaluation.of_sample.push_back(right ? 1 : 0);
    }
    evaluation.margins = std::move(all.margins);
    evaluation.unit = subject_.data.recorded_run() ? 0 : subject_.data.unit();
    evaluation.predictions.decisions = std::move(all.decisions);
    return evaluation;
  }

  const EvaluateOptions& options_;
  Subject subject_;
  std::optional<Subject> reference_;
  std::vector<Scores> scores_;
};

}  // namespace

Result<Evaluation> evaluate(const Runtime& runtime, std::span<const std::byte> model, const Dataset& data,
                            const EvaluateOptions& options) {
  PITH_TRY(Subject subject, Subject::make(runtime, model, data, options.max_samples));
  std::optional<Subject> reference;
  if (!options.reference_model.empty()) {
    auto made = Subject::make(runtime, options.reference_model, data, options.max_samples);
    if (!made) return std::unexpected(std::move(made).error().in("reference model"));
    reference = *std::move(made);
  }
  return Evaluator(options, std::move(subject), std::move(reference)).run();
}

}  // namespace pith::engine
