// The constants of a model by name, and work on them that unpacks few at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/difference.h"
#include "ir/model.h"

namespace pith::report {

struct NamedConstant {
  std::string name;
  std::shared_ptr<const ir::Constant> constant;
};

// Those of all graphs with at least one element, in order; strings are left out.
[[nodiscard]] std::vector<NamedConstant> constants_of(const ir::Model& model);

// The first of each name.
using ConstantsByName = std::unordered_map<std::string, std::shared_ptr<const ir::Constant>>;
[[nodiscard]] ConstantsByName by_name(std::span<const NamedConstant> constants);

// Calls work(i, threads) once for each constant: for small ones side by side, with one thread each, for
// large ones one after the other, with all threads; so little is unpacked at the same time.
void for_each_constant(std::span<const NamedConstant> constants, unsigned threads,
                       const std::function<void(std::size_t index, unsigned threads)>& work);

// How far the values of two constants of one shape are apart. Holds ranges of them, and releases mapped ones
// on the way. nullopt where engine::difference() gives none.
[[nodiscard]] std::optional<engine::Difference> difference(const ir::Constant& a, const ir::Constant& b);

}  // namespace pith::report
