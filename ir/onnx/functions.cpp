#include "ir/onnx/functions.h"

#include <fmt/core.h>

#include <algorithm>
#include <vector>

#include "ir/onnx/visit_nodes.h"

namespace pith::ir::onnx {
namespace {

constexpr int kMostFunctions = 10'000;
constexpr int kLongestChain = 100;
constexpr std::uint64_t kManyNodes = std::uint64_t{1} << 62;

std::string id_of(std::string_view domain, std::string_view name, std::string_view overload) {
  std::string id = fmt::format("{}:{}", domain == "ai.onnx" ? "" : domain, name);
  if (!overload.empty()) id.append(":").append(overload);
  return id;
}

// What is known of a function while calls are followed.
struct Calls {
  std::vector<const proto::FunctionProto*> callees;  // one entry a call
  std::vector<const proto::FunctionProto*> callers;  // one entry a call
  std::size_t open = 0;                              // calls whose callee is not finished
  std::uint64_t nodes = 0;
  int chain = 1;
};

}  // namespace

Result<FunctionTable> FunctionTable::of(const proto::ModelProto& message) {
  if (message.functions_size() > kMostFunctions) {
    return fail(ErrorCode::model, fmt::format("the model has {} functions, more than {}",
                                              message.functions_size(), kMostFunctions));
  }
  FunctionTable table;
  for (const auto& function : message.functions()) {
    const std::string id = id_of(function.domain(), function.name(), function.overload());
    if (!table.by_id_.emplace(id, &function).second)
      return fail(ErrorCode::model, fmt::format("function '{}' is defined twice", id));
  }
  PITH_CHECK_OK(table.follow_calls());
  return table;
}

// Callees before callers, without recursion.
Result<void> FunctionTable::follow_calls() {
  std::unordered_map<const proto::FunctionProto*, Calls> calls;
  for (const auto& [id, function] : by_id_) {
    Calls& own = calls[function];
    visit_nodes(*function, [&](const proto::NodeProto& node) {
      ++own.nodes;
      if (const auto* callee = find(node.domain(), node.op_type(), node.overload()))
        own.callees.push_back(callee);
    });
    own.open = own.callees.size();
    nodes_ += own.nodes;
  }
  std::vector<const proto::FunctionProto*> ready;
  for (auto& [function, own] : calls) {
    for (const auto* callee : own.callees) calls.at(callee).callers.push_back(function);
    if (own.open == 0) ready.push_back(function);
  }
  while (!ready.empty()) {
    const auto* function = ready.back();
    ready.pop_back();
    Calls& own = calls.at(function);
    for (const auto* callee : own.callees) {
      own.nodes = std::min(kManyNodes, own.nodes + calls.at(callee).nodes);
      own.chain = std::max(own.chain, calls.at(callee).chain + 1);
    }
    if (own.chain > kLongestChain) {
      return fail(ErrorCode::model, fmt::format("function '{}' starts a chain of more than {} calls",
                                                function->name(), kLongestChain));
    }
    expanded_.emplace(function, own.nodes);
    for (const auto* caller : own.callers) {
      if (--calls.at(caller).open == 0) ready.push_back(caller);
    }
  }
  if (expanded_.size() == by_id_.size()) return {};
  // The smallest name, so that the message does not depend on the order of a hash table.
  std::string smallest;
  for (const auto& [id, function] : by_id_) {
    if (!expanded_.contains(function) && (smallest.empty() || id < smallest)) smallest = id;
  }
  return fail(ErrorCode::model,
              fmt::format("function '{}' calls itself, directly or through others", smallest));
}

const proto::FunctionProto* FunctionTable::find(std::string_view domain, std::string_view name,
                                                std::string_view overload) const {
  if (by_id_.empty()) return nullptr;
  const auto found = by_id_.find(id_of(domain, name, overload));
  return found == by_id_.end() ? nullptr : found->second;
}

std::uint64_t FunctionTable::expanded_nodes(const proto::FunctionProto& function) const {
  const auto found = expanded_.find(&function);
  return found == expanded_.end() ? 0 : found->second;
}

}  // namespace pith::ir::onnx
