// Made-up data, for when there is none: it shows whether two models compute the same, not how good they are.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/npz.h"
#include "engine/session.h"

namespace pith::engine {

struct SyntheticSpec {
  std::uint64_t samples = 16;  // n=     samples on axis 0; a fixed batch rounds it up
  std::uint64_t size = 32;     // size=  other dimensions that the model leaves open
  std::uint64_t seed = 0;      // equal seeds give equal data on every system
};

// One array an input: floats of mean 0 and variance 1, uint8 from 0 to 255, other integers and booleans 0 or
// 1. When inputs fix different sizes on axis 0, they get one run of those sizes. Refuses (ErrorCode::data)
// inputs of other types and more than 1 GiB in all.
[[nodiscard]] Result<std::vector<NamedTensor>> synthetic_arrays(std::span<const TensorInfo> inputs,
                                                                const SyntheticSpec& spec);

}  // namespace pith::engine
