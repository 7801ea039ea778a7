// Element types, numbered as in ONNX's TensorProto.DataType.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace pith::ir {

enum class DType : std::uint8_t {
  undefined = 0,
  float32 = 1,
  uint8 = 2,
  int8 = 3,
  uint16 = 4,
  int16 = 5,
  int32 = 6,
  int64 = 7,
  string = 8,
  boolean = 9,
  float16 = 10,
  float64 = 11,
  uint32 = 12,
  uint64 = 13,
  complex64 = 14,
  complex128 = 15,
  bfloat16 = 16,
  float8e4m3fn = 17,
  float8e4m3fnuz = 18,
  float8e5m2 = 19,
  float8e5m2fnuz = 20,
  uint4 = 21,
  int4 = 22,
  float4e2m1 = 23,
  float8e8m0 = 24,
  uint2 = 25,
  int2 = 26,
  float6e2m3 = 27,
  float6e3m2 = 28,
};

// The type with this ONNX number; nullopt for one that ONNX 1.23 does not define.
[[nodiscard]] std::optional<DType> dtype_from_onnx(std::int64_t number);

// "float32", "int4", ...
[[nodiscard]] std::string_view name_of(DType dtype);

// float16, bfloat16, float32 and float64: what weights are computed with.
[[nodiscard]] bool is_float(DType dtype);

// Bits of one element; types below 8 bits are packed, low bits first. 0 for strings and undefined.
[[nodiscard]] unsigned bits_of(DType dtype);

// Bytes of `count` packed elements; nullopt when the product overflows or the type has no fixed size.
[[nodiscard]] std::optional<std::uint64_t> packed_bytes(DType dtype, std::uint64_t count);

}  // namespace pith::ir
