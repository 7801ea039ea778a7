// Results of Shape and of what is made from them, told from declared types and constants alone.
#pragma once

#include <optional>
#include <vector>

#include "ir/model.h"
#include "passes/places.h"

namespace pith::passes::fold {

// Integers of which some may be unknown.
struct ShapeEntries {
  std::vector<std::optional<std::int64_t>> entries;  // up to 64
  bool scalar = false;                               // one entry of no axis, not of one
  ir::DType dtype = ir::DType::int64;                // or int32
};

// The entries of a value: a constant's; the dimensions of what a Shape reads; and what Gather and Slice (with
// constant positions), Concat, Unsqueeze, Squeeze, Identity and Cast between integers make of entries.
// nullopt when even the number of entries is not known.
[[nodiscard]] std::optional<ShapeEntries> shape_entries(const ir::Model& model, Place place);

// The only result of this node when it follows from shape_entries with nothing unknown, or is the Size of a
// value whose dimensions are all numbers, or of a Shape. nullopt otherwise.
[[nodiscard]] std::optional<ir::Tensor> known_shape(const ir::Model& model, ir::GraphId graph,
                                                    ir::NodeId node);

}  // namespace pith::passes::fold
