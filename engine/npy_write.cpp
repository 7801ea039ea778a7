#include "engine/npy_write.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

namespace pith::engine {
namespace {

std::string_view numpy_type(ir::DType dtype) {
  switch (dtype) {
    case ir::DType::float16:
      return "<f2";
    case ir::DType::float32:
      return "<f4";
    case ir::DType::float64:
      return "<f8";
    case ir::DType::int8:
      return "|i1";
    case ir::DType::int16:
      return "<i2";
    case ir::DType::int32:
      return "<i4";
    case ir::DType::int64:
      return "<i8";
    case ir::DType::uint8:
      return "|u1";
    case ir::DType::uint16:
      return "<u2";
    case ir::DType::uint32:
      return "<u4";
    case ir::DType::uint64:
      return "<u8";
    case ir::DType::boolean:
      return "|b1";
    case ir::DType::complex64:
      return "<c8";
    case ir::DType::complex128:
      return "<c16";
    default:
      return "";
  }
}

}  // namespace

Result<std::string> write_npy(const ir::Tensor& tensor) {
  const std::string_view type = numpy_type(tensor.dtype());
  if (type.empty()) {
    return fail(ErrorCode::data, fmt::format("NumPy has no type for {}", ir::name_of(tensor.dtype())));
  }
  const ir::Shape& shape = tensor.shape();
  std::string header = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}{}), }}", type,
                                   fmt::join(shape, ", "), shape.size() == 1 ? "," : "");
  // Magic, version, a 16-bit length and the header fill a multiple of 64 bytes.
  constexpr std::size_t kPrefix = 10;
  constexpr std::size_t kAlignment = 64;
  header.append(kAlignment - 1 - (kPrefix + header.size()) % kAlignment, ' ');
  header += '\n';
  std::string file("\x93NUMPY\x01\x00", 8);
  file += static_cast<char>(header.size() & 0xFFU);
  file += static_cast<char>(header.size() >> 8U);
  file += header;
  file.append(tensor.buffer().text());
  return file;
}

}  // namespace pith::engine
