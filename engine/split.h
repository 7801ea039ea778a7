// A share of the samples of a data set, drawn at random, and what is left.
#pragma once

#include <cstdint>
#include <vector>

#include "ir/tensor.h"

namespace pith::engine {

struct Split {
  double share = 0.5;  // of the samples that are drawn, in (0, 1)
  std::uint64_t seed = 0;
  bool drawn = true;           // these, or the others
  std::uint64_t of_first = 0;  // of the first samples only; 0: of all
};

// Positions of the part among `samples` samples, rising. `share * samples` are drawn, rounded to a multiple
// of `unit`: those whose XXH64 with the seed is least, so that neither the end of a sorted file nor every
// second sample of a periodic one is drawn. Equal on every system. Refuses (ErrorCode::data) a share that
// leaves one of the parts empty.
[[nodiscard]] Result<std::vector<std::uint64_t>> positions_of(const Split& split, std::uint64_t samples,
                                                              std::uint64_t unit = 1);

// These positions of axis 0, copied. The rank must be at least 1, and elements whole bytes.
[[nodiscard]] ir::Tensor rows_at(const ir::Tensor& tensor, std::span<const std::uint64_t> positions);

}  // namespace pith::engine
