// Containers with one tensor, and what a reader says of them.
#pragma once

#include <string>

#include "loader/container_reader.h"
#include "loader/decode.h"
#include "tests/loader/container_builder.h"
#include "tests/support/catch.h"

namespace pith::loader::samples {

using tests::Bytes, tests::ContainerBuilder, tests::RecordFields;

inline constexpr std::uint8_t kDense = 0;
inline constexpr std::uint8_t kAffine = 1;
inline constexpr std::uint8_t kCodebook = 2;
inline constexpr std::uint8_t kSparse = 3;
inline constexpr std::uint8_t kUint8 = 2;
inline const Bytes kOne{0, 0, 0x80, 0x3F};  // float32 1.0

inline StatusCode opened(const Bytes& file, const Limits& limits = {}) {
  const auto container = Container::open(file, limits);
  if (container) return StatusCode::ok;
  CHECK_FALSE(container.error().message().empty());
  return container.error().code();
}

inline Bytes with(const RecordFields& tensor) {
  ContainerBuilder builder;
  builder.tensors = {tensor};
  return builder.file();
}

inline StatusCode decoded(const Bytes& file) {
  const auto container = Container::open(file);
  if (!container) return container.error().code();
  for (const TensorInfo& tensor : container->tensors()) {
    if (const auto values = decode_tensor(tensor); !values) return values.error().code();
  }
  return StatusCode::ok;
}

inline RecordFields dense(std::string_view name = "w") {
  return {.name = name,
          .shape_and_form = {kUint8, 1, 3, kDense},
          .streams = {{0, {1, 2, 3}}},
          .decoded = {1, 2, 3}};
}

// Three 4-bit signed codes with one scale, and a zero point when there are four bytes.
inline RecordFields affine(Bytes codes, Bytes scale, const Bytes& zero_points = {}) {
  RecordFields tensor{.shape_and_form = {kFloat32, 1, 3, kAffine, 1, 4, kNoAxis, 0}, .decoded = codes};
  if (!zero_points.empty()) tensor.shape_and_form[4] = 3;
  tests::append(tensor.decoded, scale);
  tests::append(tensor.decoded, zero_points);
  // A code of 8 bits cannot be stored raw at 4, but as a constant it can be anything.
  tensor.streams = {{3, {codes[0]}}, {0, scale}};
  if (!zero_points.empty()) tensor.streams.push_back({0, zero_points});
  return tensor;
}

}  // namespace pith::loader::samples
