// Decides how tokens are coded with tables: classes, contexts, lanes.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "codec/fast_encoder.h"
#include "codec/fast_tables.h"
#include "loader/fast_model.h"

namespace pith::codec {

// What the bits of a model are multiplied by before they are compared: 1 for a single table, more for
// several, which decode more slowly.
[[nodiscard]] double slowness(const loader::FastModel& model);

// Models worth trying for these tokens, the most promising first, with their lanes. Looks at a sample of
// large tensors.
[[nodiscard]] std::vector<loader::FastModel> plan_models(std::span<const std::uint8_t> tokens,
                                                         const loader::CodeShape& shape,
                                                         const loader::TokenAlphabet& alphabet,
                                                         const FastOptions& options);

}  // namespace pith::codec
