// How many elements the result of an operator on known inputs has; see result_size.h.
#pragma once

#include <cstdint>
#include <expected>
#include <span>
#include <string>

#include "ir/node.h"

namespace pith::passes::fold {

// The inputs of a node, null where absent; the first is there.
using Inputs = std::span<const ir::Tensor* const>;
// Elements of the result, an upper bound; or why the node is not folded.
using Count = std::expected<std::uint64_t, std::string>;

[[nodiscard]] const ir::Tensor* at(Inputs inputs, std::size_t index);

// Formulas: the shape inference of each operator in ONNX's Operators.md.
[[nodiscard]] Count like_first(const ir::Node& node, Inputs inputs, std::int64_t opset);
[[nodiscard]] Count reduced(const ir::Node& node, Inputs inputs, std::int64_t opset);
[[nodiscard]] Count elementwise(const ir::Node& node, Inputs inputs, std::int64_t opset);
[[nodiscard]] Count division(const ir::Node& node, Inputs inputs, std::int64_t opset);
[[nodiscard]] Count concatenated(const ir::Node& node, Inputs inputs, std::int64_t opset);
[[nodiscard]] Count gathered(const ir::Node& node, Inputs inputs, std::int64_t opset);
[[nodiscard]] Count like_second(const ir::Node& node, Inputs inputs, std::int64_t opset);
[[nodiscard]] Count filled(const ir::Node& node, Inputs inputs, std::int64_t opset);
[[nodiscard]] Count expanded(const ir::Node& node, Inputs inputs, std::int64_t opset);
[[nodiscard]] Count tiled(const ir::Node& node, Inputs inputs, std::int64_t opset);
[[nodiscard]] Count ranged(const ir::Node& node, Inputs inputs, std::int64_t opset);
[[nodiscard]] Count padded(const ir::Node& node, Inputs inputs, std::int64_t opset);
[[nodiscard]] Count one_hot(const ir::Node& node, Inputs inputs, std::int64_t opset);
[[nodiscard]] Count shape_of(const ir::Node& node, Inputs inputs, std::int64_t opset);
[[nodiscard]] Count one(const ir::Node& node, Inputs inputs, std::int64_t opset);
[[nodiscard]] Count positions(const ir::Node& node, Inputs inputs, std::int64_t opset);
[[nodiscard]] Count multiplied(const ir::Node& node, Inputs inputs, std::int64_t opset);

}  // namespace pith::passes::fold
