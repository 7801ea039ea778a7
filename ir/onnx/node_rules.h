// Rules for single nodes that later code relies on.
#pragma once

#include "ir/node.h"
#include "ir/result.h"

namespace pith::ir::onnx {

// Refuses nodes of ONNX's own operators with a stride, dilation, kernel size, group count or block size that
// is zero or negative (shapes are divided by them), and operators that passes edit without the inputs that
// make them what they are. Unknown operators are not looked at.
[[nodiscard]] Result<void> check_node(const Node& node);

}  // namespace pith::ir::onnx
