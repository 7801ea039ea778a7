// Writes NumPy's .npy files.
#pragma once

#include <string>

#include "ir/tensor.h"

namespace pith::engine {

// The tensor as a .npy file of version 1.0, row-major and little-endian. Refuses (ErrorCode::data) types
// that NumPy does not have: strings, bfloat16, 8-bit floats and types below 8 bits.
[[nodiscard]] Result<std::string> write_npy(const ir::Tensor& tensor);

}  // namespace pith::engine
