#include "codec/fast_alphabet.h"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <vector>

#include "codec/fast_cost.h"
#include "codec/huffman_encoder.h"

namespace pith::codec {
namespace {

using loader::kFastMaxTokens;
using loader::TokenAlphabet;

// Counts of the values in a window around the middle ones.
struct Histogram {
  std::int64_t low = 0;
  std::vector<std::uint32_t> counts;
  std::vector<std::int64_t> outside;
};

template <class T>
  requires(sizeof(T) == 1)
Histogram count_values(std::span<const T> values) {
  // int8 is meant as a number here.
  constexpr int low = std::numeric_limits<T>::min();  // NOLINT(bugprone-signed-char-misuse)
  const SymbolCounts of_bytes =
      count_symbols({reinterpret_cast<const std::uint8_t*>(values.data()), values.size()});
  std::array<std::uint32_t, 256> counts{};
  std::size_t from = 256;
  std::size_t to = 0;
  for (std::size_t value = 0; value < 256; ++value) {
    const auto byte = static_cast<std::uint8_t>(static_cast<int>(value) + low);
    counts[value] = static_cast<std::uint32_t>(of_bytes[byte]);
    if (counts[value] == 0) continue;
    from = std::min(from, value);
    to = value + 1;
  }
  const auto all = counts.begin();
  return {low + static_cast<std::int64_t>(from),
          {all + static_cast<std::ptrdiff_t>(from), all + static_cast<std::ptrdiff_t>(to)},
          {}};
}

Histogram count_values(std::span<const std::int32_t> values) {
  constexpr std::int64_t window = 1 << 16;
  std::int32_t least = values.front();
  std::int32_t most = values.front();
  for (const std::int32_t value : values) {
    least = std::min(least, value);
    most = std::max(most, value);
  }
  Histogram histogram;
  histogram.low = least;
  std::int64_t size = std::int64_t{most} - least + 1;
  if (size > window) {
    std::vector<std::int32_t> sample;
    const std::size_t stride = std::max<std::size_t>(1, values.size() / 65536);
    for (std::size_t i = 0; i < values.size(); i += stride) sample.push_back(values[i]);
    const auto middle = sample.begin() + static_cast<std::ptrdiff_t>(sample.size() / 2);
    std::ranges::nth_element(sample, middle);
    histogram.low =
        std::clamp<std::int64_t>(std::int64_t{*middle} - window / 2, least, std::int64_t{most} - window + 1);
    size = window;
  }
  histogram.counts.resize(static_cast<std::size_t>(size));
  // Every other value counts elsewhere: equal ones in a row would wait for each other.
  std::vector<std::uint32_t> others(histogram.counts.size());
  const auto count = [&](std::int32_t value, std::vector<std::uint32_t>& counts) {
    const std::int64_t place = value - histogram.low;
    if (place >= 0 && place < size) {
      ++counts[static_cast<std::size_t>(place)];
    } else {
      histogram.outside.push_back(value);
    }
  };
  for (std::size_t i = 0; i + 1 < values.size(); i += 2) {
    count(values[i], histogram.counts);
    count(values[i + 1], others);
  }
  if (values.size() % 2 != 0) count(values.back(), others);
  for (std::size_t i = 0; i < others.size(); ++i) histogram.counts[i] += others[i];
  return histogram;
}

// Number of the far token for a distance >= 1: 2^k .. 2^(k+1) - 1 gives k.
std::size_t far_index(std::int64_t distance) {
  return static_cast<std::size_t>(std::bit_width(static_cast<std::uint64_t>(distance))) - 1;
}

}  // namespace

template <class T>
TokenAlphabet choose_alphabet(std::span<const T> values) {
  const Histogram histogram = count_values(values);
  const auto& counts = histogram.counts;
  double best_bits = std::numeric_limits<double>::max();
  TokenAlphabet best;
  // Far tokens need room too: 32 a side at worst, 17 in the whole window, 8 among bytes.
  const std::size_t most_direct = !histogram.outside.empty() ? 64 : sizeof(T) == 1 ? 112 : 92;
  for (std::uint32_t enough = 1; enough <= values.size(); enough += 1 + enough / 2) {
    std::size_t from = 0;
    std::size_t to = counts.size();
    while (from < to && counts[from] < enough) ++from;
    while (to > from && counts[to - 1] < enough) --to;
    if (from == to) break;
    while (to - from > most_direct) counts[from] < counts[to - 1] ? ++from : --to;
    std::array<std::uint32_t, 32> below{};
    std::array<std::uint32_t, 32> above{};
    double low_bits = 0;
    const auto add_far = [&](std::int64_t distance, std::array<std::uint32_t, 32>& side,
                             std::uint32_t count) {
      const std::size_t index = far_index(distance);
      side[index] += count;
      // Half a bit each for the time they cost.
      low_bits += count * (static_cast<double>(index) + 0.5);
    };
    for (std::size_t i = 0; i < from; ++i) {
      if (counts[i] != 0) add_far(static_cast<std::int64_t>(from - i), below, counts[i]);
    }
    for (std::size_t i = to; i < counts.size(); ++i) {
      if (counts[i] != 0) add_far(static_cast<std::int64_t>(i - to) + 1, above, counts[i]);
    }
    const std::int64_t low = histogram.low + static_cast<std::int64_t>(from);
    const std::int64_t high = histogram.low + static_cast<std::int64_t>(to) - 1;
    for (const std::int64_t value : histogram.outside) {
      value < low ? add_far(low - value, below, 1) : add_far(value - high, above, 1);
    }
    const auto used = [](const std::array<std::uint32_t, 32>& side) {
      std::size_t size = side.size();
      while (size > 0 && side[size - 1] == 0) --size;
      return static_cast<std::uint32_t>(size);
    };
    TokenAlphabet alphabet{static_cast<std::int32_t>(low), static_cast<std::uint32_t>(to - from), used(below),
                           used(above)};
    if (alphabet.tokens() > kFastMaxTokens) continue;
    if (alphabet.tokens() < 2) continue;
    double bits = low_bits + (low_bits > 0 ? 24 : 0);
    // With the frequencies the decoder will use: none below 1 in 4096, so rare tokens take from the others.
    const double share = (4096.0 - alphabet.tokens()) / static_cast<double>(values.size());
    const auto add = [&](std::span<const std::uint32_t> part) {
      for (const std::uint32_t count : part) {
        if (count != 0) bits += count * (12 - quick_log2(1 + share * count));
      }
      bits += 1.5 * static_cast<double>(part.size());
    };
    add(std::span(counts).subspan(from, to - from));
    add(std::span(below).first(alphabet.below));
    add(std::span(above).first(alphabet.above));
    // Small alphabets decode faster; bytes decide unless they are all but equal.
    bits *= alphabet.tokens() > 64 ? 1.001 : alphabet.tokens() > 32 ? 1.0005 : 1.0;
    if (bits < best_bits) {
      best_bits = bits;
      best = alphabet;
    }
  }
  return best;
}

template <class T>
void tokens_of(const TokenAlphabet& alphabet, std::span<const T> values, std::span<std::uint8_t> tokens) {
  const auto token_of = [&](std::int32_t value) {
    const std::uint32_t place = static_cast<std::uint32_t>(value) - static_cast<std::uint32_t>(alphabet.low);
    if (place < alphabet.direct) return static_cast<std::uint8_t>(alphabet.below + place);
    const std::int64_t distance = std::int64_t{value} - alphabet.low;
    const std::size_t token = distance < 0 ? alphabet.below - 1 - far_index(-distance)
                                           : alphabet.below + alphabet.direct +
                                                 far_index(distance - std::int64_t{alphabet.direct} + 1);
    return static_cast<std::uint8_t>(token);
  };
  if constexpr (sizeof(T) == 1) {
    std::array<std::uint8_t, 256> all{};
    // NOLINTNEXTLINE(bugprone-signed-char-misuse)
    for (int value = std::numeric_limits<T>::min(); value <= std::numeric_limits<T>::max(); ++value) {
      all[static_cast<std::uint8_t>(value)] = token_of(value);
    }
    for (std::size_t i = 0; i < values.size(); ++i) tokens[i] = all[static_cast<std::uint8_t>(values[i])];
  } else {
    for (std::size_t i = 0; i < values.size(); ++i) tokens[i] = token_of(values[i]);
  }
}

#define PITH_INSTANTIATE(type)                                   \
  template TokenAlphabet choose_alphabet(std::span<const type>); \
  template void tokens_of(const TokenAlphabet&, std::span<const type>, std::span<std::uint8_t>)
PITH_INSTANTIATE(std::int8_t);
PITH_INSTANTIATE(std::uint8_t);
PITH_INSTANTIATE(std::int32_t);
#undef PITH_INSTANTIATE

}  // namespace pith::codec
