#include "loader/plain_bytes.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace pith::loader {
namespace {

using Bytes = std::span<const std::uint8_t>;
using MutableBytes = std::span<std::uint8_t>;

constexpr std::size_t kFloats = 1024;  // of a block

template <class Element>
void join(const std::array<Bytes, 8>& planes, std::size_t inside, int turn, std::size_t from, std::size_t end,
          MutableBytes out) {
  constexpr std::size_t kBlock = 4096;
  std::array<std::uint8_t, kBlock> copy;
  for (; from < end; from += kBlock) {
    const std::size_t size = std::min(kBlock, end - from);
    std::array<const std::uint8_t*, sizeof(Element)> bytes;
    for (std::size_t p = 0; p < sizeof(Element); ++p) bytes[p] = planes[p].data() + from;
    if (inside < sizeof(Element)) {
      std::memcpy(copy.data(), bytes[inside], size);
      bytes[inside] = copy.data();
    }
    std::array<Element, kBlock> elements;
    for (std::size_t i = 0; i < size; ++i) {
      Element element = 0;
      for (std::size_t p = 0; p < sizeof(Element); ++p) {
        element = static_cast<Element>(element | static_cast<Element>(Element{bytes[p][i]} << 8 * p));
      }
      elements[i] = std::rotr(element, turn);
    }
    std::memcpy(out.data() + from * sizeof(Element), elements.data(), size * sizeof(Element));
  }
}

// Codes as numbers.
void widen(const std::uint8_t* codes, std::size_t count, bool is_signed, float* out) {
  if (is_signed) {
    for (std::size_t i = 0; i < count; ++i) out[i] = static_cast<std::int8_t>(codes[i]);
  } else {
    for (std::size_t i = 0; i < count; ++i) out[i] = codes[i];
  }
}

// Calls each(from, count, numbers) for the codes, a block at a time, each copied before values may be written
// over it; what `each` leaves in `numbers` are the values.
template <class Each>
void for_each_block(const std::uint8_t* codes, std::size_t count, bool is_signed, std::uint8_t* values,
                    Each&& each) {
  std::array<float, kFloats> numbers;
  for (std::size_t from = 0; from < count; from += kFloats) {
    const std::size_t size = std::min(kFloats, count - from);
    widen(codes + from, size, is_signed, numbers.data());
    each(from, size, numbers.data());
    std::memcpy(values + from * sizeof(float), numbers.data(), size * sizeof(float));
  }
}

}  // namespace

Status unpack_codes(Bytes stored, unsigned bits, bool is_signed, MutableBytes out) {
  // Cannot overflow: sizes are below 2^63 / 8.
  if (stored.size() != (out.size() * bits + 7) / 8) return damaged("a raw stream has the wrong size");
  const std::uint32_t sign = is_signed ? 1U << (bits - 1) : 0;
  std::uint32_t window = 0;
  unsigned filled = 0;
  std::size_t next = 0;
  for (std::uint8_t& value : out) {
    if (filled < bits) {
      window = window << 8 | stored[next++];
      filled += 8;
    }
    filled -= bits;
    const std::uint32_t code = (window >> filled) & ((1U << bits) - 1);
    value = static_cast<std::uint8_t>((code ^ sign) - sign);
  }
  if ((window & ((1U << filled) - 1)) != 0) return damaged("padding bits of a raw stream are not zero");
  return {};
}

void join_planes(const std::array<Bytes, 8>& planes, std::size_t width, std::size_t inside, int turn,
                 std::size_t from, std::size_t end, MutableBytes out) {
  if (width == 2) join<std::uint16_t>(planes, inside, turn, from, end, out);
  if (width == 4) join<std::uint32_t>(planes, inside, turn, from, end, out);
  if (width == 8) join<std::uint64_t>(planes, inside, turn, from, end, out);
}

// Differences of codes are whole numbers below 2^9, which floats hold exactly.
void affine_values(const std::uint8_t* codes, std::size_t count, bool is_signed, int zero_point, float scale,
                   std::uint8_t* values) {
  const auto zero = static_cast<float>(zero_point);
  for_each_block(codes, count, is_signed, values, [&](std::size_t, std::size_t size, float* numbers) {
    for (std::size_t i = 0; i < size; ++i) numbers[i] = (numbers[i] - zero) * scale;
  });
}

void affine_values(const std::uint8_t* codes, std::size_t count, bool is_signed,
                   const std::uint8_t* zero_points, const std::uint8_t* scales, std::uint8_t* values) {
  std::array<float, kFloats> factors;
  for_each_block(codes, count, is_signed, values, [&](std::size_t from, std::size_t size, float* numbers) {
    if (zero_points != nullptr) {
      widen(zero_points + from, size, is_signed, factors.data());
      for (std::size_t i = 0; i < size; ++i) numbers[i] -= factors[i];
    }
    std::memcpy(factors.data(), scales + from * sizeof(float), size * sizeof(float));
    for (std::size_t i = 0; i < size; ++i) numbers[i] *= factors[i];
  });
}

// A signed code fits if the bits above its own are all like the highest of its own: with 2^(bits - 1) added
// there is nothing above them. All codes are looked at, which is quicker than to stop.
bool codes_in_range(Bytes codes, unsigned bits, bool is_signed) {
  if (bits == 8) return true;
  const auto half = static_cast<std::uint8_t>(is_signed ? 1U << (bits - 1) : 0U);
  std::uint8_t above = 0;
  for (const std::uint8_t code : codes) above |= static_cast<std::uint8_t>(code + half);
  return above >> bits == 0;
}

bool indices_below(Bytes indices, std::uint64_t entries) {
  std::uint8_t largest = 0;
  for (const std::uint8_t index : indices) largest = std::max(largest, index);
  return indices.empty() || largest < entries;
}

}  // namespace pith::loader
