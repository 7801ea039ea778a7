// --include and --exclude.
#pragma once

#include "cli/args.h"
#include "passes/pass.h"

namespace pith::cli {

// Gives the patterns to the context. Refuses (ErrorCode::usage) what is no regular expression.
[[nodiscard]] Result<void> select_weights(const Args& args, passes::PassContext& context);

}  // namespace pith::cli
