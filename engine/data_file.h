// What the data readers share: opening files, the limit on unpacked data, byte order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>

#include "ir/buffer.h"
#include "ir/dtype.h"
#include "ir/tensor.h"

namespace pith::engine {

// Unpacked bytes that one data file may expand to, all arrays together.
inline constexpr std::uint64_t kMaxDataBytes = std::uint64_t{8} << 30;

// Deflate cannot expand by more than 1032:1 (a 258-byte match in 2 bits); a size beyond
// that is a lie, and is refused before any memory is allocated for it.
[[nodiscard]] std::uint64_t most_inflated(std::uint64_t compressed_bytes);

// Maps a data file. Refuses (ErrorCode::data) what is missing, unreadable, not a regular file or empty.
[[nodiscard]] Result<ir::Buffer> map_data_file(const std::filesystem::path& path);

// The same elements of `width` bytes each in the opposite byte order.
[[nodiscard]] ir::Buffer byte_swapped(const ir::Buffer& buffer, std::size_t width);

// Bytes of an array of that type and shape; refuses (ErrorCode::data) negative dimensions and products that
// overflow, also of the dimensions other than a zero one.
[[nodiscard]] Result<std::uint64_t> array_bytes(ir::DType dtype, const ir::Shape& shape);

// Tensor::make with ErrorCode::data.
[[nodiscard]] Result<ir::Tensor> make_array(ir::DType dtype, ir::Shape shape, ir::Buffer bytes);

}  // namespace pith::engine
