#include "engine/idx.h"

#include <fmt/core.h>

#include <array>
#include <optional>
#include <string>

#include "engine/data_file.h"
#include "engine/gzip.h"

namespace pith::engine {
namespace {

constexpr std::size_t kMarkBytes = 4;
constexpr std::size_t kDimBytes = 4;

std::optional<ir::DType> element_type(std::byte code) {
  switch (std::to_integer<unsigned>(code)) {
    case 0x08:
      return ir::DType::uint8;
    case 0x09:
      return ir::DType::int8;
    case 0x0B:
      return ir::DType::int16;
    case 0x0C:
      return ir::DType::int32;
    case 0x0D:
      return ir::DType::float32;
    case 0x0E:
      return ir::DType::float64;
    default:
      return std::nullopt;
  }
}

Result<ir::DType> parse_mark(std::span<const std::byte, kMarkBytes> mark) {
  const auto dtype = element_type(mark[2]);
  if (mark[0] != std::byte{0} || mark[1] != std::byte{0} || !dtype) {
    return fail(ErrorCode::data, "not an IDX file: it does not start with an IDX mark");
  }
  return *dtype;
}

ir::Shape parse_dims(std::span<const std::byte> bytes) {
  ir::Shape shape;
  for (; bytes.size() >= kDimBytes; bytes = bytes.subspan(kDimBytes)) {
    std::int64_t dim = 0;
    for (std::size_t i = 0; i < kDimBytes; ++i) dim = dim * 256 + std::to_integer<std::int64_t>(bytes[i]);
    shape.push_back(dim);
  }
  return shape;
}

std::size_t dims_bytes(std::byte rank) {
  return std::to_integer<std::size_t>(rank) * kDimBytes;
}

Result<ir::Tensor> make(ir::DType dtype, ir::Shape shape, ir::Buffer data) {
  const std::size_t width = ir::bits_of(dtype) / 8;
  return make_array(dtype, std::move(shape), width > 1 ? byte_swapped(data, width) : std::move(data));
}

Result<ir::Tensor> read_packed(const ir::Buffer& file) {
  GzipReader reader(file.bytes());
  std::array<std::byte, kMarkBytes> mark{};
  PITH_CHECK_OK(reader.read(mark));
  PITH_TRY(const ir::DType dtype, parse_mark(mark));
  std::string dims(dims_bytes(mark[3]), '\0');
  PITH_CHECK_OK(reader.read(std::as_writable_bytes(std::span(dims))));
  ir::Shape shape = parse_dims(std::as_bytes(std::span(dims)));
  PITH_TRY(const std::uint64_t size, array_bytes(dtype, shape));
  if (size > most_inflated(file.size()) || size > kMaxDataBytes) {
    return fail(ErrorCode::data,
                fmt::format("shape {} does not fit {} packed bytes", ir::to_string(shape), file.size()));
  }
  std::string data(size, '\0');
  PITH_CHECK_OK(reader.read(std::as_writable_bytes(std::span(data))));
  PITH_CHECK_OK(reader.finish());
  return make(dtype, std::move(shape), ir::Buffer::own(std::move(data)));
}

Result<ir::Tensor> read_plain(const ir::Buffer& file) {
  if (file.size() < kMarkBytes) return fail(ErrorCode::data, "not an IDX file: it is too short");
  const auto mark = file.bytes().first<kMarkBytes>();
  PITH_TRY(const ir::DType dtype, parse_mark(mark));
  const std::size_t header = kMarkBytes + dims_bytes(mark[3]);
  if (file.size() < header) return fail(ErrorCode::data, "it ends inside its IDX header");
  ir::Shape shape = parse_dims(file.bytes().subspan(kMarkBytes, header - kMarkBytes));
  PITH_TRY(const std::uint64_t size, array_bytes(dtype, shape));
  if (size != file.size() - header) {
    return fail(ErrorCode::data,
                fmt::format("shape {} of {} needs {} bytes but {} are present", ir::to_string(shape),
                            ir::name_of(dtype), size, file.size() - header));
  }
  return make(dtype, std::move(shape), file.slice(header, size));
}

}  // namespace

Result<ir::Tensor> read_idx(const ir::Buffer& file) {
  return looks_like_gzip(file.bytes()) ? read_packed(file) : read_plain(file);
}

}  // namespace pith::engine
