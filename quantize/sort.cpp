#include "quantize/sort.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <utility>

namespace pith::quantize {
namespace {

constexpr std::uint32_t kSign = 0x80000000U;

// Bit patterns in the order of the numbers: those of negative ones are turned around.
std::uint32_t key_of(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  return (bits & kSign) != 0 ? ~bits : bits | kSign;
}

float value_of(std::uint32_t key) {
  return std::bit_cast<float>((key & kSign) != 0 ? key & ~kSign : ~key);
}

}  // namespace

void sort_floats(std::vector<float>& values) {
  constexpr std::size_t kFewValues = 2048;
  if (values.size() < kFewValues) {
    std::ranges::sort(values);
    return;
  }
  constexpr unsigned kDigitBits = 11;
  constexpr std::size_t kDigits = std::size_t{1} << kDigitBits;
  // Keys are kept as floats of the same bits, so that only one array is needed beside the values.
  const auto bits_of = [](float stored) { return std::bit_cast<std::uint32_t>(stored); };
  std::vector<float> sorted(values.size());
  std::ranges::transform(values, values.begin(),
                         [](float value) { return std::bit_cast<float>(key_of(value)); });
  for (const unsigned shift : {0U, kDigitBits, 2 * kDigitBits}) {
    std::array<std::size_t, kDigits> positions{};
    for (const float key : values) ++positions[bits_of(key) >> shift & (kDigits - 1)];
    std::size_t next = 0;
    for (std::size_t& position : positions) next += std::exchange(position, next);
    for (const float key : values) sorted[positions[bits_of(key) >> shift & (kDigits - 1)]++] = key;
    values.swap(sorted);
  }
  std::ranges::transform(values, values.begin(), [&](float key) { return value_of(bits_of(key)); });
}

}  // namespace pith::quantize
