#include "passes/pass.h"

#include <fmt/core.h>

#include <algorithm>

namespace pith::passes {

bool PassContext::selects(const std::string& tensor, const std::string& node) const {
  const auto found = [&](const std::regex& pattern) {
    return std::regex_search(tensor, pattern) || std::regex_search(node, pattern);
  };
  if (std::ranges::any_of(exclude, found)) return false;
  return include.empty() || std::ranges::any_of(include, found);
}

Result<void> PassContext::keep_going() const {
  if (cancelled && cancelled())
    return fail(ErrorCode::interrupted, "stopped by the user; nothing was written");
  return {};
}

void PassContext::skipped(const ir::Graph& graph, ir::NodeId node, std::string reason) {
  skipped_.push_back({graph.describe(node), std::move(reason)});
}

void PassContext::skipped_tensor(std::string_view tensor, std::string reason) {
  skipped_.push_back({fmt::format("tensor '{}'", tensor), std::move(reason)});
}

}  // namespace pith::passes
