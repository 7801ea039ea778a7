// The header of a stream of the `small` coder (docs/coders.md, "Coder small")
// and how the dimensions of a tensor become rows and columns.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "loader/byte_reader.h"
#include "loader/code_shape.h"
#include "loader/status.h"
#include "loader/trellis.h"

namespace pith::loader::small {

inline constexpr std::uint64_t kMaxWidth = 65536;  // bounds the memory of a decoder
inline constexpr std::uint64_t kVectorWidth = 1024;
inline constexpr std::uint32_t kMaxPeriod = 32;

// Values in a row: the product of all dimensions above 1 but the first of them, at most kMaxWidth; for a
// tensor with fewer than two such dimensions, its size, at most kVectorWidth. Never 0.
[[nodiscard]] std::size_t row_width(const CodeShape& shape);

// Values of one kernel: the product of the dimensions after the second if the rank is at least 3, the first
// dimension is not 1, and the product is at most kMaxPeriod; otherwise 1.
[[nodiscard]] std::uint32_t kernel_size(const CodeShape& shape);

// What the encoder chooses for a stream.
struct Parameters {
  std::uint32_t shape = 3;      // of the prior, 0..3
  bool predict = false;         // a linear predictor gives signs and magnitudes a context
  bool model_signs = false;     // otherwise a sign takes one bit
  std::int32_t mean16 = 0;      // 16 * log2(mean magnitude), a multiple of 4, -128..892
  std::uint32_t shift = 0;      // low bits of a magnitude that are coded apart from its unary part
  bool zero_first = false;      // whether a magnitude is 0 is coded before the rest
  std::uint32_t first_lag = 1;  // distances of neighbours in values, 1..row width
  std::uint32_t second_lag = 1;
  std::int64_t center = 0;  // value whose magnitude is 0
  std::uint32_t hole = 0;   // if not 0: value 0 is the center and 1..hole are the values below it
  std::optional<trellis::Trellis> trellis;  // center and hole are 0 then

  // The value that is coded as `code`, and back.
  [[nodiscard]] std::int64_t value_of(std::int64_t code) const {
    if (hole == 0) return code + center;
    if (code < 0) return code + hole + 1;
    return code == 0 ? 0 : code + hole;
  }
  [[nodiscard]] std::int64_t code_of(std::int64_t value) const {
    if (hole == 0) return value - center;
    if (value == 0) return 0;
    return value <= hole ? value - hole - 1 : value - hole;
  }
};

// First byte of a stream.
inline constexpr std::uint8_t kConstantForm = 0x80;  // the other bits are 0; a zigzag varint value follows
inline constexpr std::uint8_t kTrellisForm = 0x88;   // + axis + 8 * start; another form byte follows
inline constexpr std::uint8_t kShapeMask = 0x03;
inline constexpr std::uint8_t kPredictFlag = 0x04;
inline constexpr std::uint8_t kSignsFlag = 0x08;
inline constexpr std::uint8_t kCenterFlag = 0x10;
inline constexpr std::uint8_t kHoleFlag = 0x20;
inline constexpr std::uint8_t kZeroFlag =
    0x40;  // a byte with the shift follows the mean; otherwise it is usual_shift
inline constexpr std::uint32_t kMaxShift = 31;
inline constexpr std::int32_t kMeanBias = 32;  // the second byte is mean16 / 4 + 32

// Indices of a trellis are half as large as its integers.
constexpr std::uint32_t usual_shift(std::int32_t mean16, bool trellis) {
  mean16 -= trellis ? 16 : 0;
  return mean16 < 16 ? 0U : static_cast<std::uint32_t>(mean16) / 16U;
}

// Reads and validates what follows the first byte.
[[nodiscard]] Expected<Parameters> read_parameters(std::uint8_t form, ByteReader& bytes,
                                                   const CodeShape& shape);

constexpr std::uint64_t zigzag(std::int64_t value) {
  return static_cast<std::uint64_t>(value) << 1 ^ static_cast<std::uint64_t>(value >> 63);
}
constexpr std::int64_t unzigzag(std::uint64_t value) {
  return static_cast<std::int64_t>(value >> 1 ^ (0 - (value & 1U)));
}

}  // namespace pith::loader::small
