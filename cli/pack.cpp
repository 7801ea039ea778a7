// `pack`: store a model losslessly, its weights entropy-coded as they are.
#include <fmt/core.h>

#include "cli/commands.h"

namespace pith::cli {

Result<Exit> run_pack(const Args& args, Ui& ui) {
  for (const std::string& output : args.outputs) {
    if (!output.ends_with(".pith")) {
      return fail(ErrorCode::usage, fmt::format("pack writes .pith files, and '{}' is none", output),
                  "for a smaller .onnx file see pith compress");
    }
  }
  Args lossless = args;
  lossless.pipeline =
      args.codec.empty() ? "entropy-code" : fmt::format("entropy-code{{coder={}}}", args.codec);
  lossless.codec.clear();
  return run_compress(lossless, ui);
}

}  // namespace pith::cli
