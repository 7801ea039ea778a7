// `verify`: every checksum and bound of a container, and one decode of everything.
#include <fmt/core.h>

#include "cli/commands.h"
#include "cli/model_file.h"
#include "report/json.h"
#include "report/text.h"

namespace pith::cli {

Result<Exit> run_verify(const Args& args, Ui& ui) {
  ui.progress.stage("verifying");
  PITH_TRY(const ModelFile file,
           load_model(args.model, load_options(args)));  // checks and decodes all there is
  if (file.format != ModelFormat::pith) {
    return fail(ErrorCode::model, fmt::format("{}: is not a .pith file", file.name()),
                "only .pith files carry checksums");
  }
  if (args.format == Format::json) {
    PITH_CHECK_OK(ui.print(report::to_json(
        report::inspect(file.model, storage_of(file.format), file.entry(), {.threads = ui.threads()}))));
  } else if (!args.quiet && args.format == Format::human) {
    const auto size = report::size_of(file.model, storage_of(file.format), file.total_bytes);
    PITH_CHECK_OK(ui.print(fmt::format("{}: sound; {} bytes, {} nodes, {} parameters\n", file.name(),
                                       report::with_commas(size.bytes), report::with_commas(size.nodes),
                                       report::with_commas(size.parameters))));
  }
  return Exit::done;
}

}  // namespace pith::cli
