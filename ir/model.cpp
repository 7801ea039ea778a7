#include "ir/model.h"

#include <algorithm>

namespace pith::ir {

Model::Model() {
  graphs_.emplace_back();
}

const Graph& Model::graph(GraphId id) const {
  PITH_ASSERT(index_of(id) < graphs_.size() && graphs_[index_of(id)].alive_,
              "a graph that was removed or never existed");
  return graphs_[index_of(id)];
}

std::vector<GraphId> Model::graphs() const {
  std::vector<GraphId> live;
  for (std::size_t i = 0; i < graphs_.size(); ++i) {
    if (graphs_[i].alive_) live.push_back(GraphId{static_cast<std::uint32_t>(i)});
  }
  return live;
}

std::int64_t Model::opset(std::string_view domain) const {
  const auto found = std::ranges::find_if(opsets, [&](const auto& entry) { return entry.first == domain; });
  return found == opsets.end() ? 0 : found->second;
}

}  // namespace pith::ir
