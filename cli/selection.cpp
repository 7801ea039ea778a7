#include "cli/selection.h"

#include <fmt/core.h>

namespace pith::cli {
namespace {

Result<std::vector<std::regex>> patterns(const std::vector<std::string>& texts, std::string_view flag) {
  std::vector<std::regex> compiled;
  for (const std::string& text : texts) {
    try {
      compiled.emplace_back(text);
    } catch (const std::regex_error&) {
      return fail(ErrorCode::usage, fmt::format("{}: '{}' is no regular expression", flag, text));
    }
  }
  return compiled;
}

}  // namespace

Result<void> select_weights(const Args& args, passes::PassContext& context) {
  PITH_TRY(context.include, patterns(args.include, "--include"));
  PITH_TRY(context.exclude, patterns(args.exclude, "--exclude"));
  return {};
}

}  // namespace pith::cli
