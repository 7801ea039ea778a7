// `compare`: what differs between two models - graph, weights, sizes, and with data their outputs.
#include "report/compare.h"

#include <fmt/core.h>

#include "cli/commands.h"
#include "cli/log.h"
#include "cli/model_file.h"
#include "cli/named_data.h"
#include "cli/signals.h"
#include "report/json.h"
#include "report/text.h"

namespace pith::cli {
namespace {

// Data to run the models on, read before the models are.
Result<std::optional<NamedData>> plan_run(const Args& args) {
  if (!args.calib.empty() && !args.eval.empty())
    return fail(ErrorCode::usage, "--calib and --eval exclude each other", "both only name the inputs here");
  const std::string& text = args.calib.empty() ? args.eval : args.calib;
  if (text.empty()) {
    if (args.tolerance) {
      return fail(ErrorCode::usage, "--tolerance has no outputs to look at",
                  "pass --calib DATA, or --calib synthetic:n=16");
    }
    return std::nullopt;
  }
  return open_data(text, args);
}

Result<report::OutputsEntry> run_both(const Args& args, const engine::Runtime& runtime, const NamedData& plan,
                                      const ModelFile& a, const ModelFile& b, Ui& ui) {
  ui.progress.stage("running both models");
  PITH_TRY(const ir::Buffer runnable_a, runnable(a));
  PITH_TRY(const ir::Buffer runnable_b, runnable(b));
  engine::CompareOptions options;
  options.optimize = args.ort_optimizations;
  options.max_samples = args.max_samples;
  options.threads = ui.threads();
  options.progress = [&](std::uint64_t done, std::uint64_t total) { ui.progress.update(done, total); };
  options.cancelled = stop_requested;
  report::OutputsEntry entry{plan.name, plan.synthetic, args.ort_optimizations, {}};
  PITH_TRY(entry.comparison,
           engine::compare_outputs(runtime, runnable_a.bytes(), runnable_b.bytes(), plan.data, options));
  return entry;
}

// Compares the outputs if that can be done. What keeps it from being done is said in the report; with a
// tolerance, or when it is the data, it is an error.
Result<void> add_outputs(const Args& args, const std::optional<NamedData>& plan, const ModelFile& a,
                         const ModelFile& b, Ui& ui, report::CompareReport& report) {
  if (!plan) {
    report.left_out.emplace_back("outputs: there is no data; pass --calib DATA, or --calib synthetic:n=16");
    return {};
  }
  const auto compared = [&]() -> Result<void> {
    PITH_TRY(const auto runtime, engine::Runtime::load(args.ort_lib));
    PITH_TRY(report.run, run_both(args, runtime, *plan, a, b, ui));
    report.environment.onnxruntime = runtime.info().version;
    return {};
  };
  auto done = compared();
  if (done) return {};
  const ErrorCode code = done.error().code();
  const bool may_be_left_out = code == ErrorCode::environment || code == ErrorCode::model;
  if (args.tolerance || !may_be_left_out) return done;
  report.left_out.push_back(fmt::format("outputs: {}", done.error().message()));
  return {};
}

}  // namespace

Result<Exit> run_compare(const Args& args, Ui& ui) {
  PITH_TRY(const auto plan, plan_run(args));
  ui.progress.stage("reading");
  PITH_TRY(const ModelFile a, load_model(args.model, load_options(args)));
  PITH_TRY(const ModelFile b, load_model(args.other, load_options(args)));
  ui.progress.stage("comparing");
  report::CompareReport report = report::compare(a.model, storage_of(a.format), a.entry(), b.model,
                                                 storage_of(b.format), b.entry(), ui.threads());
  report.tolerance = args.tolerance;
  report.environment = ui.environment("");
  PITH_CHECK_OK(add_outputs(args, plan, a, b, ui, report));
  report.invocation = ui.invocation();
  if (args.format == Format::json) {
    PITH_CHECK_OK(ui.print(report::to_json(report)));
  } else if (args.format == Format::human && !args.quiet) {
    PITH_CHECK_OK(ui.print(
        report::to_text(report, args.verbosity > 0 ? report::Detail::everything : report::Detail::summary)));
  }
  const std::string exceeded = report.exceeded();
  if (exceeded.empty()) return Exit::done;
  ui.progress.finish();
  log_error(exceeded);
  return Exit::failed;
}

}  // namespace pith::cli
