// Typed 32-bit ids instead of pointers: a copied graph needs no remapping, and
// an id that outlives its node fails loudly in Graph's accessors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

namespace pith::ir {

enum class NodeId : std::uint32_t {};
enum class ValueId : std::uint32_t {};
enum class GraphId : std::uint32_t {};

inline constexpr std::uint32_t kNoId = std::numeric_limits<std::uint32_t>::max();
inline constexpr NodeId kNoNode{kNoId};
// An absent optional input or output of a node.
inline constexpr ValueId kNoValue{kNoId};
inline constexpr GraphId kNoGraph{kNoId};
inline constexpr GraphId kMainGraph{0};

template <class Id>
[[nodiscard]] constexpr std::size_t index_of(Id id) {
  return static_cast<std::size_t>(id);
}

}  // namespace pith::ir
