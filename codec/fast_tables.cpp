#include "codec/fast_tables.h"

#include <algorithm>
#include <cmath>

#include "codec/fast_cost.h"

namespace pith::codec {
namespace {

using loader::Frequencies;
using loader::TableLevels;

constexpr std::uint64_t kLarge = 262144;  // weights

// What a difference between a level and its forecast costs, in bits; close to what the model learns.
double difference_bits(std::int32_t difference) {
  const std::int32_t size = difference < 0 ? -difference : difference;
  return size == 0 ? 0.8 : 2.6 + 1.0 * (size - 1);
}

// First and last token that a table must hold; two tokens at least, for none may have all of the 4096.
void choose_range(const TokenCounts& counts, std::size_t tokens, TableLevels& table) {
  std::size_t first = 0;
  std::size_t last = tokens - 1;
  while (first < last && counts[first] == 0) ++first;
  while (last > first && counts[last] == 0) --last;
  if (first == last) {
    if (last + 1 < tokens) {
      ++last;
    } else {
      --first;
    }
  }
  table.first = first;
  table.count = last - first + 1;
}

// 2^(level / steps).
double power_of_two(std::int32_t level, unsigned steps) {
  static const auto kEighths = [] {
    std::array<double, 8> powers{};
    for (std::size_t i = 0; i < powers.size(); ++i) powers[i] = std::exp2(static_cast<double>(i) / 8);
    return powers;
  }();
  const auto place = static_cast<std::uint32_t>(level) * (8 / steps);
  return kEighths[place % 8] * static_cast<double>(std::uint32_t{1} << (place / 8));
}

// Levels for one table, one after the other, each the cheapest near what its count asks for.
void choose_levels(const TokenCounts& counts, unsigned steps, const loader::TableWalk& walk,
                   TableLevels& table) {
  const auto top = static_cast<std::int32_t>(15 * steps);
  std::uint32_t most = 1;
  double total = 0;
  for (const std::uint32_t count : counts) {
    most = std::max(most, count);
    total += count;
  }
  // Frequencies start at 1 in 4096 whatever the level; the rest of the total goes by level.
  const double unit = total / loader::kFastTotal;
  const double highest = std::max(most - unit, 0.5);
  const double peak = 1.0 * top - 2.0 * steps;  // the level of the most frequent token, with room above
  const double lowest = highest * std::exp2(-peak / steps);  // what level 0 stands for
  // What a level gives a token: its share of the total, and the bits of one occurrence less a constant.
  struct Gain {
    double share = 0;
    double log = 0;
  };
  std::array<Gain, 8 * 15 + 1> gains;
  for (std::int32_t level = 0; level <= top; ++level) {
    const double implied = unit + lowest * power_of_two(level, steps);
    gains[static_cast<std::size_t>(level)] = {implied * 1.4426950408889634, quick_log2(implied)};
  }
  for (std::size_t token = table.first; token < table.first + table.count; ++token) {
    const double count = counts[token];
    const double wanted = std::max(count - unit, 0.3) / highest;
    const double ideal = std::clamp(peak + steps * quick_log2(wanted), 0.0, 1.0 * top);
    const std::int32_t guess = walk.expected(table, token);
    std::int32_t best = 0;
    double best_cost = 1e300;
    const auto nearest = static_cast<std::int32_t>(std::lround(ideal));
    const std::int32_t from = std::max(0, std::min(nearest, guess) - 1);
    const std::int32_t to = std::min(top, std::max(nearest, guess) + 1);
    for (std::int32_t level = from; level <= to; ++level) {
      // Too low costs this token's own bits; too high takes from all others.
      const Gain& gain = gains[static_cast<std::size_t>(level)];
      const double cost = gain.share - count * gain.log + difference_bits(level - guess);
      if (cost < best_cost) {
        best_cost = cost;
        best = level;
      }
    }
    table.levels[token] = static_cast<std::uint8_t>(best);
  }
}

}  // namespace

double token_bits(const TokenCounts& counts, const Frequencies& frequencies) {
  double bits = 0;
  for (std::size_t token = 0; token < counts.size(); ++token) {
    if (counts[token] != 0) bits += counts[token] * (loader::kFastTotalBits - quick_log2(frequencies[token]));
  }
  return bits;
}

TableSet choose_tables(std::span<const TokenCounts> counts, std::size_t tokens,
                       std::span<const unsigned> all_steps) {
  TableSet best;
  best.bits = 1e300;
  std::uint64_t total = 0;
  for (const TokenCounts& table : counts) {
    for (const std::uint32_t count : table) total += count;
  }
  for (const unsigned steps : all_steps) {
    if (total > kLarge && steps < 4) continue;  // there a small error costs more than writing it down
    TableSet set;
    set.steps = steps;
    set.levels.resize(counts.size());
    loader::TableWalk walk(steps);
    BitCounter counter;
    for (std::size_t i = 0; i < counts.size(); ++i) {
      TableLevels& table = set.levels[i];
      choose_range(counts[i], tokens, table);
      choose_levels(counts[i], steps, walk, table);
      (void)walk.walk(counter, tokens, table);
      set.frequencies.push_back(loader::frequencies_from_levels(
          std::span(table.levels).subspan(table.first, table.count), table.first, steps));
      set.bits += token_bits(counts[i], set.frequencies.back());
    }
    set.bits += counter.bits();
    if (set.bits < best.bits) best = std::move(set);
  }
  return best;
}

}  // namespace pith::codec
