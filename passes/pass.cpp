#include "passes/pass.h"

#include <fmt/core.h>

#include <algorithm>

namespace pith::passes {

bool PassContext::selects(const std::string& tensor, const std::vector<std::string>& nodes) const {
  const auto found = [&](const std::regex& pattern) {
    const auto matches = [&](const std::string& name) { return std::regex_search(name, pattern); };
    return matches(tensor) || std::ranges::any_of(nodes, matches);
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

void PassContext::skipped_model(std::string reason) {
  skipped_.push_back({"model", std::move(reason)});
}

}  // namespace pith::passes
