#include "cli/evaluation.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "cli/named_data.h"
#include "cli/signals.h"

namespace pith::cli {
namespace {

report::QualityEntry entry_of(const engine::Quality& quality) {
  report::QualityEntry entry;
  entry.metric = engine::name_of(quality.metric);
  entry.after = quality.value;
  entry.higher_is_better = engine::higher_is_better(quality.metric);
  entry.ci95_low = quality.ci95_low;
  entry.ci95_high = quality.ci95_high;
  entry.samples = quality.samples;
  return entry;
}

// The samples that tell most about another model, at least `most`; none where that is all of them.
std::vector<std::uint64_t> telling_samples(const engine::Evaluation& anchor, std::uint64_t most) {
  const std::uint64_t samples = anchor.of_sample.size();
  if (anchor.unit == 0) return {};
  const std::uint64_t count = (most + anchor.unit - 1) / anchor.unit * anchor.unit;
  if (count >= samples) return {};
  std::vector<std::uint64_t> order(samples);
  std::iota(order.begin(), order.end(), 0);
  if (!anchor.margins.empty()) {
    std::ranges::stable_sort(order, {}, [&](std::uint64_t i) { return anchor.margins[i]; });
  } else {
    const std::uint64_t stride = samples / count;
    std::ranges::stable_sort(order, {}, [&](std::uint64_t i) { return i % stride; });
  }
  order.resize(count);
  // The order of the file, so that what ties decide does not matter.
  std::ranges::sort(order);
  return order;
}

}  // namespace

Result<std::optional<engine::Dataset>> calibration_data(const Args& args,
                                                        const std::optional<Evaluation>& evaluation) {
  if (args.calib.empty()) return std::nullopt;
  if (evaluation && !evaluation->labelled()) return evaluation->data();
  PITH_TRY(NamedData given, open_data(args.calib, args));
  return std::move(given.data);
}

Evaluation::Evaluation(const Args& args, Ui& ui, engine::Runtime runtime, engine::Dataset data,
                       std::string data_name, engine::Metric metric, bool synthetic)
    : args_(args),
      ui_(ui),
      runtime_(runtime),
      data_name_(std::move(data_name)),
      metric_(metric),
      labelled_(!args.eval.empty()),
      synthetic_(synthetic) {
  if (!args.holdout) {
    searched_.data = std::move(data);
    return;
  }
  const engine::Split drawn{.share = *args.holdout, .seed = args.seed, .of_first = args.max_samples};
  engine::Split others = drawn;
  others.drawn = false;
  searched_.data = data.part(others);
  held_out_ = Part{.data = data.part(drawn), .reference = {}, .anchor = {}};
}

Result<std::optional<Evaluation>> Evaluation::open(const Args& args, Ui& ui) {
  if (args.eval.empty() && args.calib.empty()) {
    if (!args.metric.empty())
      return fail(ErrorCode::usage, "--metric has no data to work on", "pass --eval or --calib");
    return std::nullopt;
  }
  const bool labelled = !args.eval.empty();
  const std::string name = !args.metric.empty() ? args.metric : labelled ? "top1" : "agreement";
  PITH_TRY(const engine::Metric metric, engine::parse_metric(name));
  if (!labelled && metric == engine::Metric::top1) {
    return fail(ErrorCode::usage, "top1 needs labels, which --calib does not give",
                "pass --eval, or --metric agreement");
  }
  PITH_TRY(NamedData given, open_data(labelled ? args.eval : args.calib, args));
  if (labelled && given.synthetic)
    return fail(ErrorCode::usage, "synthetic data has no labels",
                "pass it as --calib, or name labelled data");
  PITH_TRY(const auto runtime, engine::Runtime::load(args.ort_lib));
  return Evaluation(args, ui, runtime, std::move(given.data), std::move(given.name), metric, given.synthetic);
}

engine::EvaluateOptions Evaluation::options() {
  engine::EvaluateOptions options;
  options.metric = metric_;
  options.max_samples = args_.max_samples;
  options.threads = ui_.threads();
  options.progress = [this](std::uint64_t done, std::uint64_t total) { ui_.progress.update(done, total); };
  options.cancelled = stop_requested;
  return options;
}

const Evaluation::Part& Evaluation::part(Samples samples) const {
  PITH_ASSERT(samples == Samples::searched || held_out_, "samples that are not held out");
  return samples == Samples::searched ? searched_ : *held_out_;
}

Evaluation::Part& Evaluation::part(Samples samples) {
  return const_cast<Part&>(std::as_const(*this).part(samples));
}

engine::Digest Evaluation::content(Samples samples) const {
  engine::ContentHash hash;
  hash.add(part(samples).data.content()).add(engine::name_of(metric_)).add(args_.max_samples);
  return hash.digest();
}

Result<engine::Evaluation> Evaluation::evaluate(const ir::Buffer& model, const Part& part,
                                                const engine::EvaluateOptions& how) const {
  auto result = engine::evaluate(runtime_, model.bytes(), part.data, how);
  // What is wrong with labels shows only beside the outputs, and has to name its file then.
  if (!result && result.error().code() == ErrorCode::data &&
      !result.error().message().starts_with(data_name_))
    return std::unexpected(std::move(result).error().in(data_name_));
  return result;
}

Result<void> Evaluation::measure_reference(const ir::Buffer& model) {
  ui_.progress.stage("evaluating the original");
  reference_model_ = model;
  auto how = options();
  if (needs_reference()) how.reference_model = model.bytes();
  PITH_TRY(searched_.reference, evaluate(model, searched_, how));
  if (held_out_) {
    PITH_TRY(held_out_->reference, evaluate(model, *held_out_, how));
  }
  return {};
}

report::QualityEntry Evaluation::reference_quality() const {
  PITH_ASSERT(searched_.reference, "a reference that was measured");
  return entry_of(searched_.reference->quality);
}

Result<report::QualityEntry> Evaluation::measure(const ir::Buffer& model, const std::string& stage,
                                                 Samples samples) {
  ui_.progress.stage(stage);
  const Part& on = part(samples);
  auto how = options();
  if (on.reference) {
    how.reference = &on.reference->predictions;
    if (metric_ == engine::Metric::mse && needs_reference()) how.reference_model = reference_model_->bytes();
  }
  PITH_TRY(const auto measured, evaluate(model, on, how));
  report::QualityEntry entry = entry_of(measured.quality);
  entry.synthetic = synthetic_;
  if (on.reference) entry.before = on.reference->quality.value;
  if (measured.agreement) entry.agreement = measured.agreement->value;
  return entry;
}

engine::EvaluateOptions Evaluation::compare_options(const Part& on) {
  PITH_ASSERT(on.reference && reference_model_, "a reference to compare with");
  auto how = options();
  how.progress = nullptr;
  how.reference = &on.reference->predictions;
  if (metric_ == engine::Metric::mse && needs_reference()) how.reference_model = reference_model_->bytes();
  return how;
}

Result<search::Judge::Measured> Evaluation::compare(const ir::Buffer& model, Samples samples) {
  Part& on = part(samples);
  PITH_TRY(on.anchor, evaluate(model, on, compare_options(on)));
  return search::Judge::Measured{.metric = on.anchor->quality.value,
                                 .original = on.reference->quality.value,
                                 .higher_is_better = engine::higher_is_better(metric_)};
}

std::uint64_t Evaluation::searched_samples() const {
  PITH_ASSERT(searched_.reference, "a reference that was measured");
  return searched_.reference->quality.samples;
}

Result<search::Judge::Measured> Evaluation::estimate(const ir::Buffer& model, std::uint64_t most) {
  const engine::Evaluation& anchor = searched_.anchor ? *searched_.anchor : *searched_.reference;
  std::vector<std::uint64_t> positions = telling_samples(anchor, most);
  if (positions.empty()) return compare(model, Samples::searched);
  auto how = compare_options(searched_);
  // What the reference decides for these.
  engine::Predictions decided;
  if (!how.reference->decisions.empty()) {
    for (const std::uint64_t position : positions)
      decided.decisions.push_back(how.reference->decisions[position]);
  }
  how.reference = &decided;
  const Part some{.data = searched_.data.at(positions), .reference = {}, .anchor = {}};
  PITH_TRY(const engine::Evaluation measured, evaluate(model, some, how));
  double change = 0;
  for (std::size_t i = 0; i < positions.size(); ++i)
    change += measured.of_sample[i] - anchor.of_sample[positions[i]];
  const auto counted =
      static_cast<double>(metric_ == engine::Metric::mse ? positions.size() : anchor.of_sample.size());
  return search::Judge::Measured{.metric = anchor.quality.value + change / counted,
                                 .original = searched_.reference->quality.value,
                                 .higher_is_better = engine::higher_is_better(metric_),
                                 .estimated = true};
}

}  // namespace pith::cli
