// IDX files, the format of the MNIST family: 0 0 type rank, the dimensions as big-endian 32-bit
// numbers, then the elements, big-endian. Plain or gzip.
#pragma once

#include "ir/buffer.h"
#include "ir/tensor.h"

namespace pith::engine {

// The array of an IDX file. All element types of the format: uint8, int8, int16, int32, float32, float64.
// Refuses (ErrorCode::data) sizes that do not match the bytes present and damaged gzip data.
[[nodiscard]] Result<ir::Tensor> read_idx(const ir::Buffer& file);

}  // namespace pith::engine
