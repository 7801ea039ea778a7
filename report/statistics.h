// What the values of a tensor are like: how many zeros, how many different ones, how well they could be
// coded.
#pragma once

#include <cstdint>
#include <optional>

#include "ir/tensor.h"

namespace pith::report {

struct ValueStatistics {
  // Exact zeros, of either sign.
  std::uint64_t zeros = 0;
  std::optional<std::uint64_t> distinct;  // different bit patterns; nullopt when not measured
  std::optional<double> entropy_bits;     // -sum p log2 p over them, bits an element; likewise
};

// Zeros alone take one look at the values; the rest takes several.
enum class Statistics : unsigned char { none, zeros, everything };

// How many words are looked at together; what is above goes in several looks. Results do not depend on it.
struct CountingLimits {
  std::uint64_t collected = std::uint64_t{64} << 20;  // 32-bit words, two bytes of each kept
  std::uint64_t sorted = std::uint64_t{8} << 20;      // 64-bit words
  std::uint64_t few = 32768;                          // words that are sorted at once
  std::uint64_t part = std::uint64_t{4} << 20;        // words that are worth a thread
};

// nullopt for Statistics::none, and for types without numbers of 2, 4, 8, 16, 32 or 64 bits: strings,
// complex128, 6-bit floats. The result does not depend on `threads`. Needs at most 192 MiB beside the tensor,
// whatever its size.
[[nodiscard]] std::optional<ValueStatistics> measure_values(const ir::Tensor& tensor, Statistics what,
                                                            unsigned threads,
                                                            const CountingLimits& limits = {});

}  // namespace pith::report
