// `evaluate`: the quality of a model on data.
#include "cli/commands.h"
#include "cli/evaluation.h"
#include "cli/model_file.h"
#include "report/json.h"
#include "report/text.h"

namespace pith::cli {

Result<Exit> run_evaluate(const Args& args, Ui& ui) {
  PITH_TRY(auto evaluation, Evaluation::open(args, ui));
  if (!evaluation) return fail(ErrorCode::usage, "there is no data to evaluate on", "pass --eval or --calib");
  if (evaluation->needs_reference() && args.reference.empty()) {
    return fail(ErrorCode::usage, "this metric compares with a model, and none is named",
                "pass --reference MODEL");
  }
  ui.progress.stage("reading");
  PITH_TRY(const ModelFile file, load_model(args.model, load_options(args)));
  if (!args.reference.empty()) {
    PITH_TRY(const ModelFile reference, load_model(args.reference, load_options(args)));
    PITH_TRY(const ir::Buffer bytes, runnable(reference));
    PITH_CHECK_OK(evaluation->measure_reference(bytes));
  }
  PITH_TRY(const ir::Buffer bytes, runnable(file));
  report::EvaluateReport report;
  report.file = file.entry();
  PITH_TRY(report.quality, evaluation->measure(bytes, "evaluating"));
  report.environment = ui.environment(evaluation->runtime_version());
  report.invocation = ui.invocation();
  if (args.format == Format::json) {
    PITH_CHECK_OK(ui.print(report::to_json(report)));
  } else if (args.format == Format::human && !args.quiet) {
    PITH_CHECK_OK(ui.print(report::to_text(report)));
  }
  return Exit::done;
}

}  // namespace pith::cli
