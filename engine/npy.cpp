#include "engine/npy.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "engine/data_file.h"

namespace pith::engine {
namespace {

// Column-major to row-major: walks the result in order and keeps the source position.
ir::Buffer row_major(const ir::Buffer& source, const ir::Shape& shape, std::size_t width) {
  const std::size_t rank = shape.size();
  std::vector<std::uint64_t> strides(rank, width);
  for (std::size_t axis = 1; axis < rank; ++axis) {
    strides[axis] = strides[axis - 1] * static_cast<std::uint64_t>(shape[axis - 1]);
  }
  std::string result(source.size(), '\0');
  std::vector<std::int64_t> index(rank, 0);
  std::uint64_t from = 0;
  for (std::size_t to = 0; to < result.size(); to += width) {
    std::memcpy(result.data() + to, source.bytes().data() + from, width);
    for (std::size_t axis = rank; axis-- > 0;) {
      from += strides[axis];
      if (++index[axis] < shape[axis]) break;
      from -= strides[axis] * static_cast<std::uint64_t>(shape[axis]);
      index[axis] = 0;
    }
  }
  return ir::Buffer::own(std::move(result));
}

}  // namespace

Result<ir::Tensor> read_npy(const ir::Buffer& file) {
  PITH_TRY(NpyHeader header, parse_npy_header(file.bytes()));
  const std::uint64_t present = file.size() - header.data_offset;
  if (present != header.data_bytes) {
    return fail(
        ErrorCode::data,
        fmt::format("an array of shape {} and type {} needs {} bytes but {} are present",
                    ir::to_string(header.shape), ir::name_of(header.dtype), header.data_bytes, present));
  }
  ir::Buffer data = file.slice(header.data_offset, header.data_bytes);
  const std::size_t width = ir::bits_of(header.dtype) / 8;
  if (header.dtype == ir::DType::boolean &&
      std::ranges::any_of(data.bytes(), [](std::byte value) { return value > std::byte{1}; })) {
    return fail(ErrorCode::data, "a boolean array holds values other than 0 and 1");
  }
  if (header.big_endian && width > 1) data = byte_swapped(data, width);
  if (header.fortran_order && header.shape.size() > 1) data = row_major(data, header.shape, width);
  return make_array(header.dtype, std::move(header.shape), std::move(data));
}

}  // namespace pith::engine
