// `sensitivity`: what each layer costs when it alone is rounded.
#include "report/sensitivity.h"

#include "cli/budgets.h"
#include "cli/builtin_passes.h"
#include "cli/commands.h"
#include "cli/named_data.h"
#include "cli/selection.h"
#include "cli/signals.h"
#include "codec/rate_model.h"
#include "engine/activations.h"
#include "passes/runner.h"
#include "search/sensitivity.h"

namespace pith::cli {
namespace {

std::string_view name_of(quantize::Layer::Kind kind) {
  using Kind = quantize::Layer::Kind;
  switch (kind) {
    case Kind::product:
      return "product";
    case Kind::convolution:
      return "convolution";
    case Kind::transposed:
      return "transposed";
    case Kind::recurrence:
      return "recurrence";
    case Kind::values:
      return "values";
  }
  throw InternalError("a layer of an unknown kind");
}

report::LayerCost cost_of(const quantize::Layer& layer, const search::Sensitivity& sensitivity) {
  report::LayerCost cost;
  cost.name = layer.name;
  cost.kind = name_of(layer.kind);
  cost.weights = layer.weights.element_count();
  cost.divergence = sensitivity.divergence;
  cost.bits_per_weight = sensitivity.bits / static_cast<double>(cost.weights);
  if (sensitivity.metric) {
    const search::Judge::Measured& measured = *sensitivity.metric;
    cost.metric = measured.metric;
    cost.drop =
        measured.higher_is_better ? measured.original - measured.metric : measured.metric - measured.original;
  }
  return cost;
}

}  // namespace

Result<Exit> run_sensitivity(const Args& args, Ui& ui) {
  if (args.calib.empty()) {
    return fail(ErrorCode::usage, "sensitivity compares outputs on data, and there is none",
                "pass --calib DATA; labels are not needed");
  }
  passes::PassContext context;
  PITH_CHECK_OK(select_weights(args, context));
  PITH_TRY(auto evaluation, Evaluation::open(args, ui));
  PITH_TRY(auto calibration, calibration_data(args, evaluation));
  ui.progress.stage("reading");
  PITH_TRY(const ModelFile original, load_model(args.model, load_options(args)));
  report::SensitivityReport report;
  report.file = original.entry();
  PITH_TRY(const auto spec, engine::DatasetSpec::parse(args.calib));
  report.calibration = spec.path.filename().string();
  report.synthetic = spec.is_synthetic();
  if (evaluation->labelled()) {
    PITH_TRY(const ir::Buffer bytes, runnable(original));
    PITH_CHECK_OK(evaluation->measure_reference(bytes));
    report.original = evaluation->reference_quality();
  }

  const codec::AdaptiveRate rate(codec::CoderChoice::small);
  engine::OnnxActivations activations(evaluation->runtime(), *calibration, args.max_samples, ui.threads());
  context.threads = ui.threads();
  context.seed = args.seed;
  context.cancelled = stop_requested;
  context.rate = &rate;
  context.activations = &activations;
  PITH_TRY(const auto pipeline, passes::Pipeline::parse(std::string(kBeforeRounding), builtin_passes()));
  ir::Model model = original.model;
  PITH_TRY(const auto records, passes::run(pipeline, model, context));
  ui.progress.stage("looking at what weights multiply");
  PITH_TRY(const auto quantizer, quantize::RdQuantizer::prepare(model, context));
  if (quantizer.layers().empty()) {
    return fail(ErrorCode::model, "there is no weight that rd-quantize can round",
                "pith compress -v --pipeline rd-quantize lists the reasons");
  }
  PITH_TRY(const auto candidates,
           Candidates::make({evaluation->runtime(), *calibration}, original, *evaluation,
                            {pipeline, pipeline.passes().size(), context, original.format},
                            args.no_cache ? std::filesystem::path() : measurement_folder()));
  const std::size_t layers = quantizer.layers().size();
  ui.progress.stage("sensitivities");
  const auto after_each = [&](std::size_t done) -> Result<void> {
    ui.progress.update(done, layers);
    return context.keep_going();
  };
  PITH_TRY(const auto sensitivities,
           search::measure_sensitivities(quantizer, model, *candidates, after_each, evaluation->labelled()));
  for (std::size_t i = 0; i < layers; ++i)
    report.layers.push_back(cost_of(quantizer.layers()[i], sensitivities[i]));
  report.environment = ui.environment(evaluation->runtime_version());
  report.invocation = ui.invocation();
  if (args.format == Format::json) {
    PITH_CHECK_OK(ui.print(report::to_json(report)));
  } else if (args.format == Format::human && !args.quiet) {
    PITH_CHECK_OK(ui.print(report::to_text(report, args.verbosity > 0)));
  }
  return Exit::done;
}

}  // namespace pith::cli
