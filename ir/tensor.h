// An immutable n-dimensional array. A change makes a new tensor; copies share bytes.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "ir/buffer.h"
#include "ir/dtype.h"
#include "ir/result.h"

namespace pith::ir {

using Shape = std::vector<std::int64_t>;

// Product of the dimensions; 1 for a scalar. Refuses negative dimensions and products over 2^63 - 1.
[[nodiscard]] Result<std::uint64_t> element_count(std::span<const std::int64_t> shape);

// "[2,3]"
[[nodiscard]] std::string to_string(const Shape& shape);

// The dtype that holds a C++ type, for the types that passes compute with.
template <class T>
inline constexpr DType kDTypeOf = DType::undefined;
template <>
inline constexpr DType kDTypeOf<float> = DType::float32;
template <>
inline constexpr DType kDTypeOf<double> = DType::float64;
template <>
inline constexpr DType kDTypeOf<std::int8_t> = DType::int8;
template <>
inline constexpr DType kDTypeOf<std::uint8_t> = DType::uint8;
template <>
inline constexpr DType kDTypeOf<std::int32_t> = DType::int32;
template <>
inline constexpr DType kDTypeOf<std::int64_t> = DType::int64;

class Tensor {
 public:
  Tensor() = default;

  // Bytes as in ONNX's raw_data: little-endian, row-major, 2- and 4-bit types packed low bits first;
  // strings each as a 64-bit length and the bytes. Refuses a byte count that does not match the shape,
  // and string lengths that do not tile the bytes. Bytes that are not aligned for the type are copied.
  [[nodiscard]] static Result<Tensor> make(DType dtype, Shape shape, Buffer bytes);
  // The same, but bytes are never copied: large weights stay where they lie in a mapped file, aligned or not.
  [[nodiscard]] static Result<Tensor> in_place(DType dtype, Shape shape, Buffer bytes);

  // Values computed by us; throws InternalError when their number does not match the shape.
  template <class T>
  [[nodiscard]] static Tensor of(Shape shape, std::vector<T> values) {
    return checked(kDTypeOf<T>, std::move(shape), Buffer::own(std::move(values)));
  }
  [[nodiscard]] static Tensor of_strings(Shape shape, std::span<const std::string> values);

  [[nodiscard]] DType dtype() const { return dtype_; }
  [[nodiscard]] const Shape& shape() const { return shape_; }
  [[nodiscard]] std::uint64_t element_count() const { return count_; }
  [[nodiscard]] std::span<const std::byte> bytes() const { return buffer_.bytes(); }
  [[nodiscard]] const Buffer& buffer() const { return buffer_; }

  // This tensor with bytes that are aligned for its type, as as() needs them: a copy of those that are not,
  // which only in_place() leaves so.
  [[nodiscard]] Tensor aligned() const;

  // The elements; throws InternalError when T is not the tensor's type or the bytes are not aligned.
  template <class T>
  [[nodiscard]] std::span<const T> as() const {
    PITH_ASSERT(kDTypeOf<T> == dtype_, "tensor read as another type than its own");
    PITH_ASSERT(reinterpret_cast<std::uintptr_t>(buffer_.bytes().data()) % alignof(T) == 0,
                "tensor read where it lies unaligned in a file");
    return {reinterpret_cast<const T*>(buffer_.bytes().data()), buffer_.size() / sizeof(T)};
  }
  [[nodiscard]] std::vector<std::string> strings() const;

  // The same bytes under another shape of equally many elements.
  [[nodiscard]] Tensor reshaped(Shape shape) const;

  // Equal type, shape and bytes: NaNs equal themselves, 0.0 differs from -0.0.
  [[nodiscard]] bool same_bits(const Tensor& other) const;

 private:
  static Tensor checked(DType dtype, Shape shape, Buffer bytes);

  DType dtype_ = DType::undefined;
  Shape shape_;
  std::uint64_t count_ = 0;
  Buffer buffer_;
};

}  // namespace pith::ir
