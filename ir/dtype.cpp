#include "ir/dtype.h"

#include <array>
#include <limits>

namespace pith::ir {
namespace {

struct Row {
  std::string_view name;
  unsigned bits;
};

constexpr std::array<Row, 29> kRows{{
    {"undefined", 0},      {"float32", 32},  {"uint8", 8},        {"int8", 8},           {"uint16", 16},
    {"int16", 16},         {"int32", 32},    {"int64", 64},       {"string", 0},         {"bool", 8},
    {"float16", 16},       {"float64", 64},  {"uint32", 32},      {"uint64", 64},        {"complex64", 64},
    {"complex128", 128},   {"bfloat16", 16}, {"float8e4m3fn", 8}, {"float8e4m3fnuz", 8}, {"float8e5m2", 8},
    {"float8e5m2fnuz", 8}, {"uint4", 4},     {"int4", 4},         {"float4e2m1", 4},     {"float8e8m0", 8},
    {"uint2", 2},          {"int2", 2},      {"float6e2m3", 6},   {"float6e3m2", 6},
}};

const Row& row(DType dtype) {
  return kRows.at(static_cast<std::size_t>(dtype));
}

}  // namespace

std::optional<DType> dtype_from_onnx(std::int64_t number) {
  if (number < 1 || number >= static_cast<std::int64_t>(kRows.size())) return std::nullopt;
  return static_cast<DType>(number);
}

std::string_view name_of(DType dtype) {
  return row(dtype).name;
}

bool is_float(DType dtype) {
  return dtype == DType::float32 || dtype == DType::float16 || dtype == DType::bfloat16 ||
         dtype == DType::float64;
}

unsigned bits_of(DType dtype) {
  return row(dtype).bits;
}

std::optional<std::uint64_t> packed_bytes(DType dtype, std::uint64_t count) {
  const std::uint64_t bits = bits_of(dtype);
  if (bits == 0 || count > (std::numeric_limits<std::uint64_t>::max() - 7) / bits) return std::nullopt;
  return (count * bits + 7) / 8;
}

}  // namespace pith::ir
