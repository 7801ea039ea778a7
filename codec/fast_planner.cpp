#include "codec/fast_planner.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "codec/fast_cost.h"

namespace pith::codec {
namespace {

using loader::CodeShape;
using loader::FastModel;
using loader::kFastMaxTokens;
using loader::Neighbour;
using loader::TokenAlphabet;
using loader::WeightClasses;

constexpr double kFirstTableBits = 2.2;  // a token of the first table, roughly, and of one that follows it
constexpr double kMoreTableBits = 1.1;
constexpr double kTableBits = 5.0;  // a table as such
constexpr std::size_t kCloseBlock = 16384;
constexpr std::size_t kQuickBlock = 4096;
constexpr std::size_t kSampleBlocks = 4;

// count * log2(count), for the small counts that most are from a table.
double plog(std::uint32_t count) {
  static const auto kSmall = [] {
    std::array<double, 4096> table{};
    for (std::size_t i = 1; i < table.size(); ++i)
      table[i] = static_cast<double>(i) * quick_log2(static_cast<double>(i));
    return table;
  }();
  return count < kSmall.size() ? kSmall[count] : count * quick_log2(count);
}

// Order-0 bits of these counts and of the table that codes them.
double counts_bits(std::span<const std::uint32_t> counts, double scale, double per_token) {
  std::uint32_t total = 0;
  double bits = 0;
  std::size_t used = 0;
  for (const std::uint32_t count : counts) {
    total += count;
    bits -= plog(count);
    used += count != 0 ? 1 : 0;
  }
  if (used == 0) return 1.0;
  // A sample is closer to its own counts than the rest is, by half a nat for each of them.
  per_token += 0.72 * (scale - 1);
  return (bits + plog(total)) * scale + kTableBits + per_token * static_cast<double>(used);
}

// Levels 0..15 of rows or columns: half octaves of the mean magnitude, the overall mean at 8. Of values that
// are logarithms already, half steps.
loader::Vector<std::uint8_t> scale_levels(std::span<const std::uint32_t> sums, double weights_each,
                                          double scale, bool logarithms) {
  // The least sums of levels 1 to 15: sums are looked up among them, which takes no logarithms.
  std::array<double, 16> least{};
  for (std::size_t level = 1; level < least.size(); ++level) {
    const double octaves = (static_cast<double>(level) - 8.5) / 2;
    const double mean = logarithms ? scale + octaves : (scale + 0.02) * std::exp2(octaves) - 0.02;
    least[level] = mean * weights_each;
  }
  loader::Vector<std::uint8_t> levels(sums.size());
  std::uint8_t lowest = 15;
  for (std::size_t i = 0; i < sums.size(); ++i) {
    const double sum = sums[i];
    std::size_t level = 0;
    for (const std::size_t step : {8U, 4U, 2U, 1U}) level += sum >= least[level + step] ? step : 0;
    levels[i] = static_cast<std::uint8_t>(level);
    lowest = std::min(lowest, levels[i]);
  }
  for (std::uint8_t& level : levels) level = static_cast<std::uint8_t>(level - lowest);
  return levels;
}

double variance(std::span<const std::uint8_t> levels) {
  double sum = 0;
  double squares = 0;
  for (const std::uint8_t level : levels) {
    sum += level;
    squares += double{1} * level * level;
  }
  const auto count = static_cast<double>(std::max<std::size_t>(levels.size(), 1));
  return squares / count - sum / count * (sum / count);
}

// Whether levels of these can save what contexts must (fast_plan.cpp). Weights of one distribution at scales
// s take Var(ln s) * log2(e) fewer bits each when the scales are known, for small differences, and a level is
// a factor of sqrt(2): 0.17 bits times the variance of the levels. Twice that is given for large ones.
bool may_save(const WeightClasses& classes, double bits_each) {
  return 0.35 * (variance(classes.row_levels) + variance(classes.column_levels)) > 0.05 * bits_each;
}

}  // namespace

double levels_bits(std::span<const std::uint8_t> levels) {
  std::array<std::uint32_t, 16> counts{};
  for (const std::uint8_t level : levels) ++counts[level];
  return counts_bits(counts, 1.0, 4.0);
}

Planner::Sample Planner::sample_of(std::size_t size, std::size_t block) {
  if (size <= block * kSampleBlocks) return {{{0, size}}, 1};
  Sample sample;
  for (std::size_t i = 0; i < kSampleBlocks; ++i) {
    sample.blocks.push_back({i * (size - block) / (kSampleBlocks - 1), block});
  }
  sample.scale = static_cast<double>(size) / static_cast<double>(block * kSampleBlocks);
  return sample;
}

Planner::Planner(std::span<const std::uint8_t> tokens, const CodeShape& shape, const TokenAlphabet& alphabet)
    : tokens_(tokens),
      shape_(shape),
      close_(sample_of(tokens.size(), kCloseBlock)),
      quick_(sample_of(tokens.size(), kQuickBlock)) {
  single_.alphabet = alphabet;
  std::size_t at = 0;
  std::array<std::uint32_t, kFastMaxTokens> counts{};
  for (const auto& block : close_.blocks) {
    for (std::size_t i = 0; i < block.size; ++i) ++counts[tokens[block.begin + i]];
  }
  for (std::size_t token = 0; token < kFastMaxTokens; ++token) {
    at += counts[token];
    shares_[token] = static_cast<double>(at);
  }
  for (double& share : shares_) share /= static_cast<double>(at);
  base_bits_ = counts_bits(counts, close_.scale, kFirstTableBits);
}

double Planner::bits(const FastModel& model, const loader::ClassMap& map, Look look) const {
  const Sample& sample = look == Look::close ? close_ : quick_;
  std::vector<std::array<std::uint32_t, kFastMaxTokens>> counts(model.tables());
  std::vector<std::uint8_t> contexts;
  std::array<std::array<std::uint8_t, kFastMaxTokens>, 2> part{};
  const std::array<std::size_t, 2> strides = model.strides();
  for (std::size_t i = 0; i < 2; ++i) {
    for (std::uint32_t token = 0; token < kFastMaxTokens; ++token) {
      part[i][token] = static_cast<std::uint8_t>(strides[i] * model.neighbours[i].level(token));
    }
  }
  for (const auto& block : sample.blocks) {
    const bool classes = model.classes.count > 1;
    const bool far = model.neighbours[1].levels > 1;
    if (classes || far) {
      contexts.assign(block.size, 0);
      if (classes) map.fill(block.begin, contexts);
    }
    const std::size_t back0 = model.neighbours[0].offset;
    const std::size_t back1 = model.neighbours[1].offset;
    const std::size_t blind = std::min(block.size, std::max(back0, back1));
    const std::uint8_t* tokens = tokens_.data() + block.begin;
    const auto class_of = [&](std::size_t i) { return classes ? contexts[i] : std::uint8_t{0}; };
    for (std::size_t i = 0; i < blind; ++i) {
      const auto at = [&](std::size_t back) {
        return i >= back ? tokens[i - back] : single_.alphabet.neutral();
      };
      ++counts[class_of(i) + std::size_t{part[0][at(back0)]} + part[1][at(back1)]][tokens[i]];
    }
    if (!classes && !far) {
      for (std::size_t i = blind; i < block.size; ++i) ++counts[part[0][tokens[i - back0]]][tokens[i]];
    } else {
      for (std::size_t i = blind; i < block.size; ++i) {
        ++counts[contexts[i] + std::size_t{part[0][tokens[i - back0]]} + part[1][tokens[i - back1]]]
                [tokens[i]];
      }
    }
  }
  double result = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    result += counts_bits(std::span(counts[i]).first(single_.alphabet.tokens()), sample.scale,
                          i == 0 ? kFirstTableBits : kMoreTableBits);
  }
  return result + 24 * ((model.neighbours[0].levels > 1) + (model.neighbours[1].levels > 1));
}

Neighbour Planner::neighbour(std::size_t offset, std::size_t levels) const {
  Neighbour result;
  result.offset = offset;
  result.levels = 1;
  for (std::size_t i = 1; i < levels; ++i) {
    const double share = static_cast<double>(i) / static_cast<double>(levels);
    std::size_t token = 0;
    while (token + 1 < kFastMaxTokens && shares_[token] < share) ++token;
    // The threshold lies before or after the token in which the share falls, whichever is nearer.
    const double before = token > 0 ? shares_[token - 1] : 0;
    if (shares_[token] - share < share - before || token == 0) ++token;
    if (token >= single_.alphabet.tokens()) continue;
    if (result.levels > 1 && result.thresholds[result.levels - 2] == token) continue;
    result.thresholds[result.levels++ - 1] = static_cast<std::uint8_t>(token);
  }
  return result;
}

std::vector<std::size_t> Planner::offsets() const {
  std::vector<std::size_t> result = {1, 2, 3, 5, 9, 14, 25, 28, 32};
  for (std::size_t axis = 1; axis < shape_.rank; ++axis) {
    const std::uint64_t inner = shape_.product(axis, shape_.rank);
    if (inner <= loader::kFastMaxOffset) result.push_back(static_cast<std::size_t>(inner));
    if (axis + 1 == shape_.rank && 2 * inner <= loader::kFastMaxOffset) result.push_back(2 * inner);
  }
  std::erase_if(result, [&](std::size_t offset) { return offset >= tokens_.size() / 2; });
  std::ranges::sort(result);
  result.erase(std::ranges::unique(result).begin(), result.end());
  return result;
}

const Planner::Sums& Planner::distance_sums(std::size_t row_axis, std::size_t column_axis) {
  if (sums_.row_axis == row_axis && sums_.column_axis == column_axis) return sums_;
  const auto columns = static_cast<std::size_t>(shape_.product(row_axis, column_axis));
  const auto run = static_cast<std::size_t>(shape_.product(column_axis, shape_.rank));
  sums_ = {{}, std::vector<std::uint32_t>(columns), row_axis, column_axis};
  const int neutral = static_cast<int>(single_.alphabet.neutral());
  std::vector<std::uint32_t> row_of_sums(columns);
  const std::uint8_t* token = tokens_.data();
  for (const std::uint8_t* end = token + tokens_.size(); token != end;) {
    if (run == 1) {
      for (std::size_t i = 0; i < columns; ++i) {
        row_of_sums[i] = static_cast<std::uint32_t>(std::abs(int{token[i]} - neutral));
      }
    } else {
      for (std::size_t i = 0; i < columns; ++i) {
        std::uint32_t sum = 0;
        for (std::size_t k = 0; k < run; ++k) {
          sum += static_cast<std::uint32_t>(std::abs(int{token[i * run + k]} - neutral));
        }
        row_of_sums[i] = sum;
      }
    }
    std::uint64_t row_sum = 0;
    for (std::size_t i = 0; i < columns; ++i) {
      sums_.columns[i] += row_of_sums[i];
      row_sum += row_of_sums[i];
    }
    sums_.rows.push_back(static_cast<std::uint32_t>(std::min<std::uint64_t>(row_sum, UINT32_MAX)));
    token += columns * run;
  }
  return sums_;
}

std::vector<Candidate> Planner::class_models(std::size_t row_axis, std::size_t column_axis, bool rows,
                                             bool columns) {
  const auto row_count = static_cast<std::size_t>(shape_.product(0, row_axis));
  const auto column_count = static_cast<std::size_t>(shape_.product(row_axis, column_axis));
  const auto run = static_cast<std::size_t>(shape_.product(column_axis, shape_.rank));
  const Sums& sums_of = distance_sums(row_axis, column_axis);
  const std::vector<std::uint32_t>& row_sums = sums_of.rows;
  const std::vector<std::uint32_t>& column_sums = sums_of.columns;
  double total = 0;
  for (const std::uint32_t sum : row_sums) total += static_cast<double>(sum);
  const double scale = total / static_cast<double>(tokens_.size());
  WeightClasses classes;
  classes.row_axis = row_axis;
  classes.column_axis = column_axis;
  classes.row_levels.assign(row_count, 0);
  classes.column_levels.assign(column_count, 0);
  const bool logarithms = single_.alphabet.low > 0;  // such as exponents
  double side_bits = 20;
  if (rows) {
    classes.row_levels = scale_levels(row_sums, static_cast<double>(column_count * run), scale, logarithms);
    side_bits += levels_bits(classes.row_levels);
  }
  if (columns) {
    classes.column_levels =
        scale_levels(column_sums, static_cast<double>(row_count * run), scale, logarithms);
    side_bits += levels_bits(classes.column_levels);
  }
  const std::size_t sums = std::size_t{*std::ranges::max_element(classes.row_levels)} +
                           *std::ranges::max_element(classes.column_levels) + 1;
  if (sums < 2 || sums > classes.by_sum.size()) return {};
  if (!logarithms && !may_save(classes, base_bits_ / static_cast<double>(tokens_.size()))) return {};
  // Counts of every sum of levels; then neighbouring sums join while that saves most or costs least.
  WeightClasses fine = classes;
  fine.count = sums;
  for (std::size_t i = 0; i < fine.by_sum.size(); ++i) fine.by_sum[i] = static_cast<std::uint8_t>(i);
  const loader::ClassMap map(fine, shape_);
  struct Group {
    std::array<std::uint32_t, kFastMaxTokens> counts{};
    double bits = 0;
  };
  std::vector<Group> groups(sums);
  std::vector<std::uint8_t> numbers;
  for (const auto& block : close_.blocks) {
    numbers.resize(block.size);
    map.fill(block.begin, numbers);
    for (std::size_t i = 0; i < block.size; ++i) ++groups[numbers[i]].counts[tokens_[block.begin + i]];
  }
  const std::size_t tokens = single_.alphabet.tokens();
  const auto bits_of = [&](const Group& group) {
    return counts_bits(std::span(group.counts).first(tokens), close_.scale, kMoreTableBits);
  };
  for (Group& group : groups) group.bits = bits_of(group);
  const auto joined = [&](const Group& a, const Group& b) {
    Group both;
    for (std::size_t i = 0; i < tokens; ++i) both.counts[i] = a.counts[i] + b.counts[i];
    both.bits = bits_of(both);
    return both;
  };
  std::vector<double> changes;  // of the bits when a group and the next one are joined
  const auto change_at = [&](std::size_t i) {
    return joined(groups[i], groups[i + 1]).bits - groups[i].bits - groups[i + 1].bits;
  };
  for (std::size_t i = 0; i + 1 < groups.size(); ++i) changes.push_back(change_at(i));
  std::vector<std::uint8_t> group_of(sums);
  for (std::size_t i = 0; i < sums; ++i) group_of[i] = static_cast<std::uint8_t>(i);
  std::vector<Candidate> result;
  double best = std::numeric_limits<double>::max();
  while (groups.size() > 1) {
    double bits = side_bits;
    for (const Group& group : groups) bits += group.bits;
    if (groups.size() <= loader::kFastMaxTables &&
        (bits < best || (groups.size() >= 2 && groups.size() <= 4))) {
      Candidate candidate{single_, bits};
      candidate.model.classes = classes;
      candidate.model.classes.count = groups.size();
      std::copy(group_of.begin(), group_of.end(), candidate.model.classes.by_sum.begin());
      if (bits < best) {
        best = bits;
        if (result.empty() || result.front().model.classes.count > 4) {
          result.insert(result.begin(), candidate);
          if (groups.size() > 4) result.resize(1);
        } else {
          result.push_back(candidate);
        }
      } else {
        result.push_back(candidate);
      }
    }
    const auto least = std::ranges::min_element(changes);
    const auto at = static_cast<std::size_t>(least - changes.begin());
    groups[at] = joined(groups[at], groups[at + 1]);
    groups.erase(groups.begin() + static_cast<std::ptrdiff_t>(at) + 1);
    changes.erase(least);
    if (at > 0) changes[at - 1] = change_at(at - 1);
    if (at < changes.size()) changes[at] = change_at(at);
    for (std::uint8_t& group : group_of) group = group > at ? static_cast<std::uint8_t>(group - 1) : group;
  }
  return result;
}

}  // namespace pith::codec
