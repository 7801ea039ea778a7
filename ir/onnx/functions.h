// Functions that a model defines itself: which there are, and who calls whom.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "ir/onnx/proto.h"
#include "ir/result.h"

namespace pith::ir::onnx {

// The functions of one model message, which must outlive the table.
class FunctionTable {
 public:
  // By identifier, as ONNX's inference wants them: "domain:name", or "domain:name:overload".
  using ById = std::unordered_map<std::string, const proto::FunctionProto*>;

  // Refuses, naming the function: more than 10,000 of them, two with the same identifier, one that reaches
  // itself through calls (also through those in the bodies of If, Loop and Scan), and chains of more than
  // 100 calls.
  [[nodiscard]] static Result<FunctionTable> of(const proto::ModelProto& message);

  // The function that a node calls, or nullptr.
  [[nodiscard]] const proto::FunctionProto* find(std::string_view domain, std::string_view name,
                                                 std::string_view overload) const;

  // How many nodes are visited when a call is followed into every callee. A chain of functions that each
  // call the next twice doubles it, so it stops counting at 2^62.
  [[nodiscard]] std::uint64_t expanded_nodes(const proto::FunctionProto& function) const;

  // Nodes of all functions together, each counted once.
  [[nodiscard]] std::uint64_t nodes() const { return nodes_; }

  [[nodiscard]] const ById& by_id() const { return by_id_; }

 private:
  Result<void> follow_calls();

  ById by_id_;
  std::uint64_t nodes_ = 0;
  std::unordered_map<const proto::FunctionProto*, std::uint64_t> expanded_;
};

}  // namespace pith::ir::onnx
