#include "ir/onnx/node_rules.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace pith::ir::onnx {
namespace {

constexpr std::array<std::string_view, 6> kPositive{"strides", "dilations", "kernel_shape",
                                                    "group",   "blocksize", "num_groups"};

// How many first inputs these operators always have.
constexpr std::array<std::pair<std::string_view, std::size_t>, 8> kInputs{{{"BatchNormalization", 5},
                                                                           {"Conv", 2},
                                                                           {"ConvTranspose", 2},
                                                                           {"Gather", 2},
                                                                           {"Gemm", 2},
                                                                           {"MatMul", 2},
                                                                           {"Add", 2},
                                                                           {"Mul", 2}}};

Result<void> check_positive(const std::string& name, const Attribute& attribute) {
  const auto refuse = [&](std::int64_t value) {
    return fail(ErrorCode::model, fmt::format("attribute '{}' is {}; it must be positive", name, value));
  };
  if (const auto* number = std::get_if<std::int64_t>(&attribute); number != nullptr && *number <= 0)
    return refuse(*number);
  if (const auto* numbers = std::get_if<std::vector<std::int64_t>>(&attribute)) {
    const auto wrong = std::ranges::find_if(*numbers, [](std::int64_t number) { return number <= 0; });
    if (wrong != numbers->end()) return refuse(*wrong);
  }
  return {};
}

}  // namespace

Result<void> check_node(const Node& node) {
  if (!node.domain.empty()) return {};
  for (const auto& [name, attribute] : node.attributes) {
    if (std::ranges::find(kPositive, name) != kPositive.end()) PITH_CHECK_OK(check_positive(name, attribute));
  }
  const auto needs =
      std::ranges::find(kInputs, node.op_type, &std::pair<std::string_view, std::size_t>::first);
  if (needs == kInputs.end()) return {};
  for (std::size_t i = 0; i < needs->second; ++i) {
    if (!node.has_input(i)) {
      return fail(ErrorCode::model, fmt::format("{} has no input {}, which it needs", node.op_type, i + 1));
    }
  }
  return {};
}

}  // namespace pith::ir::onnx
