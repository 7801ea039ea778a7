#include "engine/data_file.h"

#include <fmt/core.h>

#include <algorithm>

namespace pith::engine {
namespace {

Error as_data_error(const Error& error) {
  const bool of_model = error.code() == ErrorCode::model;
  return {of_model ? ErrorCode::data : error.code(), error.message(), error.hint()};
}

}  // namespace

std::uint64_t most_inflated(std::uint64_t compressed_bytes) {
  constexpr std::uint64_t kRatio = 1040;
  constexpr std::uint64_t kSlack = 64;
  return compressed_bytes > kMaxDataBytes / kRatio ? kMaxDataBytes : compressed_bytes * kRatio + kSlack;
}

Result<ir::Buffer> map_data_file(const std::filesystem::path& path) {
  auto buffer = ir::Buffer::map_file(path);
  if (!buffer) return std::unexpected(as_data_error(buffer.error()));
  if (buffer->size() == 0) {
    return fail(ErrorCode::data, fmt::format("{}: is empty", path.filename().string()));
  }
  return buffer;
}

ir::Buffer byte_swapped(const ir::Buffer& buffer, std::size_t width) {
  std::string bytes(buffer.text());
  for (std::size_t start = 0; start + width <= bytes.size(); start += width) {
    std::reverse(bytes.begin() + static_cast<std::ptrdiff_t>(start),
                 bytes.begin() + static_cast<std::ptrdiff_t>(start + width));
  }
  return ir::Buffer::own(std::move(bytes));
}

Result<std::uint64_t> array_bytes(ir::DType dtype, const ir::Shape& shape) {
  const auto count = ir::element_count(shape);
  if (!count) return std::unexpected(as_data_error(count.error()));
  const auto bytes = ir::packed_bytes(dtype, *count);
  if (!bytes) return fail(ErrorCode::data, fmt::format("shape {} is too large", ir::to_string(shape)));
  return *bytes;
}

Result<ir::Tensor> make_array(ir::DType dtype, ir::Shape shape, ir::Buffer bytes) {
  auto tensor = ir::Tensor::make(dtype, std::move(shape), std::move(bytes));
  if (!tensor) return std::unexpected(as_data_error(tensor.error()));
  return tensor;
}

}  // namespace pith::engine
