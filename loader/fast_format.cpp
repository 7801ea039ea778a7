#include <cstring>

#include "loader/fast_model.h"

namespace pith::loader {
namespace {

// round(2^(i/8) * 4096)
constexpr std::array<std::uint64_t, 8> kPowers = {4096, 4467, 4871, 5312, 5793, 6317, 6889, 7512};

}  // namespace

std::uint32_t byte_sum(std::span<const std::uint8_t> bytes) {
  // 256 leaves 1 modulo 255, so the bytes of a word may be added as one number: of eight bytes the lower and
  // the upper half, of which 2^32 fit the sums.
  constexpr std::size_t block = std::size_t{1} << 30;
  std::uint64_t sum = 0;
  while (!bytes.empty()) {
    const auto part = bytes.first(std::min(block, bytes.size()));
    bytes = bytes.subspan(part.size());
    const std::size_t words = part.size() / 8;
    std::uint64_t upper = 0;
    for (std::size_t i = 0; i < words; ++i) {
      std::uint64_t word = 0;
      std::memcpy(&word, part.data() + 8 * i, sizeof(word));
      sum += word & 0xFFFFFFFFU;
      upper += word >> 32;
    }
    for (const std::uint8_t byte : part.subspan(8 * words)) sum += byte;
    sum = (sum % 255 + upper % 255) % 255;
  }
  return static_cast<std::uint32_t>(sum);
}

bool shape_holds(const CodeShape& shape, std::size_t elements) {
  if (shape.rank > kMaxRank) return false;
  std::uint64_t product = 1;
  bool empty = false;
  for (std::size_t axis = 0; axis < shape.rank; ++axis) {
    const std::uint64_t dim = shape.dims[axis];
    if (dim == 0) {
      empty = true;
    } else if (product > UINT64_MAX / dim) {
      return false;
    } else {
      product *= dim;
    }
  }
  return (empty ? 0 : product) == elements;
}

Frequencies frequencies_from_levels(std::span<const std::uint8_t> levels, std::size_t first, unsigned steps) {
  std::array<std::uint64_t, kFastMaxTokens> weights{};
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < levels.size(); ++i) {
    const unsigned level = levels[i];
    weights[i] = kPowers[std::size_t{level} % steps * (8 / steps)] << (level / steps);
    sum += weights[i];
  }
  Frequencies result{};
  const std::uint64_t spare = kFastTotal - levels.size();
  std::uint32_t left = kFastTotal;
  std::size_t largest = first;
  for (std::size_t i = 0; i < levels.size(); ++i) {
    const auto frequency = static_cast<std::uint16_t>(1 + weights[i] * spare / sum);
    result[first + i] = frequency;
    left -= frequency;
    if (frequency > result[largest]) largest = first + i;
  }
  result[largest] = static_cast<std::uint16_t>(result[largest] + left);
  return result;
}

void build_alias_table(const Frequencies& frequencies, unsigned bits, std::span<AliasEntry> entries) {
  const std::uint32_t buckets = 1U << bits;
  const std::uint32_t bucket = kFastTotal >> bits;  // slots in a bucket
  std::array<std::uint32_t, kFastMaxTokens> left{};
  std::array<std::uint8_t, kFastMaxTokens> over{};
  std::array<std::uint8_t, kFastMaxTokens> under{};
  std::size_t overs = 0;
  std::size_t unders = 0;
  const auto sort_in = [&](std::uint32_t token) {
    if (left[token] > bucket) {
      over[overs++] = static_cast<std::uint8_t>(token);
    } else if (left[token] < bucket) {
      under[unders++] = static_cast<std::uint8_t>(token);
    }
  };
  for (std::uint32_t token = 0; token < buckets; ++token) {
    left[token] = frequencies[token];
    entries[token] = {std::uint32_t{frequencies[token]} << 20 | bucket << 8 | token, 0};
    sort_in(token);
  }
  // What is missing is what is too much, so both lists run out together.
  while (overs > 0 && unders > 0) {
    const std::uint32_t from = over[--overs];
    const std::uint32_t to = under[--unders];
    const std::uint32_t divider = left[to];
    left[from] -= bucket - divider;
    entries[to].own = std::uint32_t{frequencies[to]} << 20 | divider << 8 | to;
    entries[to].other =
        std::uint32_t{frequencies[from]} << 20 | ((left[from] - divider) & (kFastTotal - 1)) << 8 | from;
    sort_in(from);
  }
}

ClassMap::ClassMap(const WeightClasses& classes, const CodeShape& shape) : classes_(classes) {
  if (classes.count <= 1) return;
  row_size_ = static_cast<std::size_t>(shape.product(classes.row_axis, shape.rank));
  const auto run = static_cast<std::size_t>(shape.product(classes.column_axis, shape.rank));
  std::array<bool, kFastMaxClassLevel + 1> used{};
  for (const std::uint8_t level : classes.row_levels) used[level] = true;
  std::size_t patterns = 0;
  for (std::size_t level = 0; level < used.size(); ++level) {
    if (used[level]) pattern_of_level_[level] = patterns++ * row_size_;
  }
  patterns_.resize(patterns * row_size_);
  for (std::size_t level = 0; level < used.size(); ++level) {
    if (!used[level]) continue;
    std::uint8_t* out = patterns_.data() + pattern_of_level_[level];
    for (const std::uint8_t column : classes.column_levels) {
      std::memset(out, classes.by_sum[level + column], run);
      out += run;
    }
  }
}

void ClassMap::fill(std::size_t begin, std::span<std::uint8_t> out) const {
  std::size_t row = begin / row_size_;
  std::size_t column = begin % row_size_;
  while (!out.empty()) {
    const std::size_t run = std::min(row_size_ - column, out.size());
    const std::uint8_t* pattern = patterns_.data() + pattern_of_level_[classes_.row_levels[row]];
    std::memcpy(out.data(), pattern + column, run);
    out = out.subspan(run);
    column = 0;
    ++row;
  }
}

}  // namespace pith::loader
