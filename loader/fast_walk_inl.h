// The part of a `fast` stream before its segments, and tensors without
// tables, each described once as a walk over the side coder: reading fills in
// the fields, writing takes them as they are.
#pragma once

#include <cstdint>
#include <span>

#include "loader/fast_model.h"
#include "loader/fast_side_inl.h"

namespace pith::loader {

enum class FastKind : std::uint8_t { adaptive = 0, tables = 1, constant = 2 };

// Signed numbers folded into unsigned ones: 0, -1, 1, -2, ...
[[nodiscard]] constexpr std::uint32_t fold_sign(std::int32_t value) {
  return static_cast<std::uint32_t>(value) << 1 ^ static_cast<std::uint32_t>(value >> 31);
}
[[nodiscard]] constexpr std::int32_t unfold_sign(std::uint32_t value) {
  return static_cast<std::int32_t>(value >> 1 ^ (0U - (value & 1U)));
}

// `value` of `count` equally likely bits.
template <class Coder, class Field>
void walk_plain(Coder& coder, unsigned count, Field& value) {
  value = static_cast<Field>(coder.plain(count, static_cast<std::uint32_t>(value)));
}

template <class Coder>
void walk_signed(Coder& coder, NumberModel& model, std::int32_t& value) {
  value = unfold_sign(model.code(coder, fold_sign(value)));
}

// A tree of four bits: the levels of rows and columns.
class LevelModel {
 public:
  template <class Coder>
  void walk(Coder& coder, std::uint8_t& level) {
    std::size_t node = 1;
    for (unsigned place = 4; place-- > 0;) {
      node = 2 * node + std::size_t{coder.bit(models_[node], (std::size_t{level} >> place & 1U) != 0)};
    }
    level = static_cast<std::uint8_t>(node & 15U);
  }

 private:
  std::array<BitModel, 16> models_;
};

// Alphabet, lanes and neighbours. Returns a sentence when what was read cannot be, else nullptr.
template <class Coder>
[[nodiscard]] const char* walk_layout(Coder& coder, FastModel& model) {
  NumberModel numbers;
  TokenAlphabet& alphabet = model.alphabet;
  walk_signed(coder, numbers, alphabet.low);
  walk_plain(coder, 7, alphabet.direct);
  if (alphabet.direct == 0) return "a token alphabet has no values";
  walk_plain(coder, 6, alphabet.below);
  walk_plain(coder, 6, alphabet.above);
  if (alphabet.below > 32 || alphabet.above > 32) return "a token stands for more than 32 bits";
  if (alphabet.tokens() < 2 || alphabet.tokens() > kFastMaxTokens) return "a token alphabet has a wrong size";
  auto lanes_log = static_cast<unsigned>(std::bit_width(model.lanes)) - 1;
  walk_plain(coder, 3, lanes_log);
  if (lanes_log > 5) return "more than 32 lanes";
  model.lanes = std::size_t{1} << lanes_log;
  for (Neighbour& neighbour : model.neighbours) {
    std::size_t more_levels = neighbour.levels - 1;
    walk_plain(coder, 3, more_levels);
    if (more_levels >= kFastMaxLevels) return "a context has too many levels";
    neighbour.levels = more_levels + 1;
    if (more_levels == 0) continue;
    std::size_t distance = neighbour.offset - 1;
    walk_plain(coder, 9, distance);
    neighbour.offset = distance + 1;
    for (std::size_t i = 0; i < more_levels; ++i) walk_plain(coder, 7, neighbour.thresholds[i]);
  }
  return nullptr;
}

// Row and column classes. Allocates at most one byte a row and a column, of which the shape (checked by
// the caller against the size of the output) has no more than weights.
template <class Coder>
[[nodiscard]] const char* walk_classes(Coder& coder, const CodeShape& shape, WeightClasses& classes) {
  std::uint32_t in_use = classes.count > 1 ? 1 : 0;
  walk_plain(coder, 1, in_use);
  if (in_use == 0) return nullptr;
  walk_plain(coder, 4, classes.row_axis);
  walk_plain(coder, 4, classes.column_axis);
  if (classes.row_axis > classes.column_axis || classes.column_axis > shape.rank) {
    return "the axes of the classes are not those of the tensor";
  }
  const auto walk_levels = [&](std::size_t from, std::size_t to, Vector<std::uint8_t>& levels) {
    levels.resize(static_cast<std::size_t>(shape.product(from, to)));
    LevelModel model;
    std::uint32_t stored = 0;  // one bit for an axis on which all levels are 0
    for (const std::uint8_t level : levels) stored |= level;
    stored = stored != 0 ? 1 : 0;
    walk_plain(coder, 1, stored);
    std::size_t largest = 0;
    if (stored == 0) return largest;
    for (std::uint8_t& level : levels) {
      model.walk(coder, level);
      largest = std::max<std::size_t>(largest, level);
    }
    return largest;
  };
  const std::size_t row_largest = walk_levels(0, classes.row_axis, classes.row_levels);
  const std::size_t column_largest =
      walk_levels(classes.row_axis, classes.column_axis, classes.column_levels);
  for (std::size_t sum = 1; sum <= row_largest + column_largest; ++sum) {
    std::uint32_t step = classes.by_sum[sum] != classes.by_sum[sum - 1] ? 1 : 0;
    walk_plain(coder, 1, step);
    classes.by_sum[sum] = static_cast<std::uint8_t>(classes.by_sum[sum - 1] + step);
  }
  classes.count = 1 + std::size_t{classes.by_sum[row_largest + column_largest]};
  return nullptr;
}

// A difference between levels: zero, sign and size, in three contexts.
class DifferenceModel {
 public:
  template <class Coder>
  [[nodiscard]] std::int32_t code(Coder& coder, std::int32_t value, std::int32_t previous) {
    const std::size_t context = previous == 0 ? 0 : previous < 0 ? 1 : 2;
    if (!coder.bit(nonzero_[context], value != 0)) return 0;
    const bool negative = coder.bit(negative_[context], value < 0);
    const std::int32_t size = value < 0 ? -value : value;
    std::int32_t result = 1;
    while (result < 128 && coder.bit(more_[static_cast<std::size_t>(std::min(result, 12))], result < size)) {
      ++result;
    }
    return negative ? -result : result;
  }

 private:
  std::array<BitModel, 3> nonzero_;
  std::array<BitModel, 3> negative_;
  std::array<BitModel, 13> more_;
};

// Levels of one table: of the tokens first .. first + count - 1.
struct TableLevels {
  std::size_t first = 0;
  std::size_t count = 2;
  std::array<std::uint8_t, kFastMaxTokens> levels{};
};

// Codes the tables of a stream one after the other. The first is coded as differences between neighbouring
// levels; the others as changes of their distance from the first one.
class TableWalk {
 public:
  explicit TableWalk(unsigned steps) : top_(static_cast<std::int32_t>(15 * steps)) {}

  // What the next level is compared with: `table.levels` of the tokens before `token` are known.
  [[nodiscard]] std::int32_t expected(const TableLevels& table, std::size_t token) const {
    if (base_ == nullptr) {
      return token == table.first ? top_ / 2 : table.levels[token - 1];
    }
    const std::int32_t here = base_level(token);
    if (token == table.first) return here;
    return std::clamp(here + table.levels[token - 1] - base_level(token - 1), 0, top_);
  }

  template <class Coder>
  [[nodiscard]] const char* walk(Coder& coder, std::size_t tokens, TableLevels& table) {
    const std::size_t base_first = base_ == nullptr ? 0 : base_->first;
    const std::size_t base_count = base_ == nullptr ? tokens : base_->count;
    const auto first =
        static_cast<std::int64_t>(base_first) +
        ends_.code(coder, static_cast<std::int32_t>(table.first) - static_cast<std::int32_t>(base_first), 0);
    const auto end = static_cast<std::int64_t>(base_first + base_count) +
                     ends_.code(coder,
                                static_cast<std::int32_t>(table.first + table.count) -
                                    static_cast<std::int32_t>(base_first + base_count),
                                1);
    if (first < 0 || end > static_cast<std::int64_t>(tokens) || end - first < 2) {
      return "a frequency table is not inside the alphabet";
    }
    table.first = static_cast<std::size_t>(first);
    table.count = static_cast<std::size_t>(end - first);
    std::int32_t previous = 0;
    for (std::size_t token = table.first; token < table.first + table.count; ++token) {
      const std::int32_t guess = expected(table, token);
      previous = levels_[base_ == nullptr ? 0 : 1].code(coder, table.levels[token] - guess, previous);
      const std::int32_t level = guess + previous;
      if (level < 0 || level > top_) return "a frequency table has a level out of range";
      table.levels[token] = static_cast<std::uint8_t>(level);
    }
    if (base_ == nullptr) base_ = &table;
    return nullptr;
  }

 private:
  // Beyond its ends the first table goes on at level 0.
  [[nodiscard]] std::int32_t base_level(std::size_t token) const {
    return token >= base_->first && token < base_->first + base_->count ? base_->levels[token] : 0;
  }

  std::int32_t top_;
  const TableLevels* base_ = nullptr;
  DifferenceModel ends_;
  std::array<DifferenceModel, 2> levels_;
};

// Weights of a tensor without tables: width of the magnitude (unary), sign, then the bits below the
// highest. The width's models are chosen by the magnitudes of the previous weight and of one further back.
struct AdaptiveSettings {
  std::uint32_t contexts = 0;  // 1 = the widths look at earlier weights
  std::uint32_t signs = 0;     // 1 = the sign looks at the signs of the earlier weights
  std::uint32_t offset = 0;    // of the second weight looked at; 0 = only the previous one
};

class AdaptiveModel {
 public:
  explicit AdaptiveModel(const AdaptiveSettings& settings) : settings_(settings) {}

  // Codes weight number `at`; those before it are in `values`. nullopt-like: sets `ok` to false when the
  // magnitude read does not fit 31 bits.
  template <class Coder>
  [[nodiscard]] std::int32_t code(Coder& coder, std::span<const std::int32_t> values, std::size_t at,
                                  std::int32_t value, bool& ok) {
    const std::int32_t previous = at >= 1 ? values[at - 1] : 0;
    const std::size_t offset = settings_.offset;
    const std::int32_t further = offset > 0 && at >= offset ? values[at - offset] : 0;
    std::size_t context = 0;
    if (settings_.contexts != 0) {
      const std::uint64_t near = magnitude(previous);
      const std::uint64_t sum = offset > 0 ? near + magnitude(further) : 2 * near;
      context = std::min<std::size_t>(static_cast<std::size_t>(std::bit_width(sum)), kContexts - 1);
    }
    const std::uint32_t size = magnitude(value);
    const auto width = static_cast<unsigned>(std::bit_width(size));
    unsigned bits = 0;
    while (bits < 32) {
      BitModel& narrow = widths_[context][bits];
      if (narrow.fresh()) narrow.start_from(wide_[bits]);
      const bool more = coder.bit(narrow, bits < width);
      wide_[bits].update(more);
      if (!more) break;
      ++bits;
    }
    if (bits == 0) return 0;
    std::size_t sign_context = 0;
    if (settings_.signs != 0) sign_context = 3 * sign(previous) + sign(further);
    const bool negative = coder.bit(signs_[sign_context], value < 0);
    const std::uint32_t result = rest_.code_rest(coder, bits, size);
    if (result > 0x7FFFFFFFU) ok = false;
    const auto positive = static_cast<std::int32_t>(result & 0x7FFFFFFFU);
    return negative ? -positive : positive;
  }

 private:
  static constexpr std::size_t kContexts = 9;
  static std::uint32_t magnitude(std::int32_t value) {
    return value < 0 ? 0U - static_cast<std::uint32_t>(value) : static_cast<std::uint32_t>(value);
  }
  static std::size_t sign(std::int32_t value) { return value == 0 ? 0 : value < 0 ? 1 : 2; }

  AdaptiveSettings settings_;
  std::array<BitModel, 32> wide_;
  std::array<std::array<BitModel, 32>, kContexts> widths_;
  std::array<BitModel, 9> signs_;
  NumberModel rest_;
};

template <class Coder>
void walk_settings(Coder& coder, AdaptiveSettings& settings) {
  walk_plain(coder, 1, settings.contexts);
  walk_plain(coder, 1, settings.signs);
  std::uint32_t further = settings.offset > 0 ? 1 : 0;
  walk_plain(coder, 1, further);
  if (further == 0) return;
  std::uint32_t distance = settings.offset - 1;
  walk_plain(coder, 9, distance);
  settings.offset = distance + 1;
}

}  // namespace pith::loader
