// Types and shapes of values as far as declarations and constants tell.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "ir/model.h"
#include "passes/places.h"

namespace pith::passes {

class ValueTypes {
 public:
  // Element types are declared, those of constants, or follow from the operator and its inputs
  // (Operators.md); one walk over the model.
  explicit ValueTypes(const ir::Model& model);

  // Undefined when nothing tells.
  [[nodiscard]] ir::DType dtype(Place place) const;

  // Whether a constant of this shape, broadcast together with the value, leaves the value's shape as it is.
  [[nodiscard]] bool broadcasts_into(const ir::Shape& constant, Place place) const;

 private:
  void walk(ir::GraphId graph);
  [[nodiscard]] ir::DType result_type(ir::GraphId graph, const ir::Node& node, std::size_t output) const;

  const ir::Model& model_;
  std::map<Place, ir::DType> types_;
};

// The elements of an int64 or int32 tensor; nullopt when it is of another type.
[[nodiscard]] std::optional<std::vector<std::int64_t>> integers_in(const ir::Tensor& tensor);

// The same of a constant; nullopt also when it is none, or compressed.
[[nodiscard]] std::optional<std::vector<std::int64_t>> integers_at(const ir::Model& model, Place place);

// Integers that an operator takes as an attribute in old operator sets and as an input in new ones; nullopt
// when the input is no constant, or both are absent.
[[nodiscard]] std::optional<std::vector<std::int64_t>> integers_of(const ir::Model& model, ir::GraphId graph,
                                                                   const ir::Node& node, std::size_t input,
                                                                   std::string_view attribute);

}  // namespace pith::passes
