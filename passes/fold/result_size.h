// How large the result of an operator on known inputs will be, told before the operator is run. A file may
// ask for a petabyte in a hundred bytes, so nothing is run whose result was not measured first.
#pragma once

#include <cstdint>
#include <expected>
#include <span>
#include <string>

#include "ir/node.h"

namespace pith::passes::fold {

// An upper bound of the bytes of the first result of this node, or why it is not folded: an operator that is
// not on the list (only deterministic ones of ONNX's own are), inputs that it would refuse, a size that
// overflows, work out of proportion. `inputs` has one entry an input of the node, null where it is absent.
// Formulas: the shape inference of each operator in ONNX's Operators.md.
[[nodiscard]] std::expected<std::uint64_t, std::string> result_bytes(
    const ir::Node& node, std::span<const ir::Tensor* const> inputs, std::int64_t opset);

// Whether result_bytes() knows the operator at all.
[[nodiscard]] bool is_foldable(const ir::Node& node);

}  // namespace pith::passes::fold
