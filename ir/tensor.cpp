#include "ir/tensor.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>
#include <limits>

namespace pith::ir {
namespace {

constexpr std::size_t kLengthBytes = sizeof(std::uint64_t);

std::uint64_t read_length(std::span<const std::byte> bytes) {
  std::uint64_t length = 0;
  std::memcpy(&length, bytes.data(), kLengthBytes);
  return length;
}

// Whether `count` length-prefixed strings tile the bytes exactly.
bool strings_tile(std::span<const std::byte> bytes, std::uint64_t count) {
  for (std::uint64_t i = 0; i < count; ++i) {
    if (bytes.size() < kLengthBytes) return false;
    const std::uint64_t length = read_length(bytes);
    bytes = bytes.subspan(kLengthBytes);
    if (length > bytes.size()) return false;
    bytes = bytes.subspan(length);
  }
  return bytes.empty();
}

bool aligned_for(DType dtype, const std::byte* data) {
  const std::size_t alignment = std::clamp<std::size_t>(bits_of(dtype) / 8, 1, alignof(double));
  return reinterpret_cast<std::uintptr_t>(data) % alignment == 0;
}

}  // namespace

Result<std::uint64_t> element_count(std::span<const std::int64_t> shape) {
  constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  std::uint64_t count = 1;
  bool empty = false;
  for (const std::int64_t dim : shape) {
    if (dim < 0) return fail(ErrorCode::model, fmt::format("dimension {} is negative", dim));
    if (dim == 0) {
      empty = true;
    } else if (count > kMost / static_cast<std::uint64_t>(dim)) {
      return fail(ErrorCode::model, fmt::format("shape [{}] has too many elements", fmt::join(shape, ",")));
    } else {
      count *= static_cast<std::uint64_t>(dim);
    }
  }
  return empty ? 0 : count;
}

std::string to_string(const Shape& shape) {
  return fmt::format("[{}]", fmt::join(shape, ","));
}

Result<Tensor> Tensor::make(DType dtype, Shape shape, Buffer bytes) {
  PITH_TRY(const Tensor tensor, in_place(dtype, std::move(shape), std::move(bytes)));
  return tensor.aligned();
}

Result<Tensor> Tensor::in_place(DType dtype, Shape shape, Buffer bytes) {
  PITH_TRY(const std::uint64_t count, ir::element_count(shape));
  if (dtype == DType::string) {
    if (!strings_tile(bytes.bytes(), count)) {
      return fail(ErrorCode::model, fmt::format("the strings do not match shape {}", to_string(shape)));
    }
  } else {
    const auto expected = packed_bytes(dtype, count);
    if (!expected) {
      return fail(ErrorCode::model,
                  fmt::format("shape {} of {} has no valid size", to_string(shape), name_of(dtype)));
    }
    if (*expected != bytes.size()) {
      return fail(ErrorCode::model, fmt::format("shape {} of {} needs {} bytes but {} are present",
                                                to_string(shape), name_of(dtype), *expected, bytes.size()));
    }
  }
  Tensor tensor;
  tensor.dtype_ = dtype;
  tensor.shape_ = std::move(shape);
  tensor.count_ = count;
  tensor.buffer_ = std::move(bytes);
  return tensor;
}

Tensor Tensor::aligned() const {
  Tensor tensor = *this;
  if (!aligned_for(dtype_, bytes().data())) tensor.buffer_ = buffer_.copy();
  return tensor;
}

Tensor Tensor::checked(DType dtype, Shape shape, Buffer bytes) {
  auto tensor = make(dtype, std::move(shape), std::move(bytes));
  if (!tensor) throw InternalError("tensor made with wrong sizes: " + tensor.error().message());
  return *std::move(tensor);
}

Tensor Tensor::of_strings(Shape shape, std::span<const std::string> values) {
  std::string bytes;
  for (const std::string& value : values) {
    const std::uint64_t length = value.size();
    bytes.append(reinterpret_cast<const char*>(&length), kLengthBytes);
    bytes += value;
  }
  return checked(DType::string, std::move(shape), Buffer::own(std::move(bytes)));
}

std::vector<std::string> Tensor::strings() const {
  PITH_ASSERT(dtype_ == DType::string, "strings of a tensor that holds none");
  std::vector<std::string> values;
  auto rest = bytes();
  while (!rest.empty()) {
    const std::uint64_t length = read_length(rest);
    values.emplace_back(reinterpret_cast<const char*>(rest.data()) + kLengthBytes, length);
    rest = rest.subspan(kLengthBytes + length);
  }
  return values;
}

Tensor Tensor::reshaped(Shape shape) const {
  return checked(dtype_, std::move(shape), buffer_);
}

bool Tensor::same_bits(const Tensor& other) const {
  // As text, because the library compares that a block at a time, and std::byte one by one.
  return dtype_ == other.dtype_ && shape_ == other.shape_ && buffer_.text() == other.buffer_.text();
}

}  // namespace pith::ir
