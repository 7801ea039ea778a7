// The plain values of a tensor, whatever form it is stored in (docs/format.md, section 3).
#pragma once

#include <cstdint>
#include <span>

#include "loader/container_reader.h"
#include "loader/status.h"

namespace pith::loader {

// Decodes the tensor's values as ONNX's raw_data has them into `out`, which must have layout.dense_size
// bytes, aligned or not. Refuses what decode_parts() and decode_gaps() refuse; `out` is unspecified then.
// Codes are decoded into the end of `out` and turned into values from its start, so that beside it memory is
// taken for scales, centroids and positions only, and by the coders.
[[nodiscard]] Status decode_plain(const TensorInfo& tensor, std::span<std::uint8_t> out) noexcept;

}  // namespace pith::loader
