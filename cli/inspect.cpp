// `inspect`: what a model is made of.
#include "cli/commands.h"
#include "cli/model_file.h"
#include "report/json.h"
#include "report/text.h"

namespace pith::cli {

Result<Exit> run_inspect(const Args& args, Ui& ui) {
  ui.progress.stage("reading");
  PITH_TRY(const ModelFile file, load_model(args.model, load_options(args)));
  ui.progress.stage("measuring");
  const report::MeasureOptions options{
      .statistics = args.no_entropy ? report::Statistics::zeros : report::Statistics::everything,
      .threads = ui.threads()};
  report::InspectReport report = report::inspect(file.model, storage_of(file.format), file.entry(), options);
  report.external = file.external;
  if (args.format == Format::json) {
    PITH_CHECK_OK(ui.print(report::to_json(report)));
  } else if (args.format == Format::human && !args.quiet) {
    PITH_CHECK_OK(ui.print(
        report::to_text(report, args.verbosity > 0 ? report::Detail::everything : report::Detail::summary)));
  }
  return Exit::done;
}

}  // namespace pith::cli
