#include "loader/fast_lanes.h"

#include <cstring>

namespace pith::loader {
namespace {

std::uint64_t load64(const std::uint8_t* bytes) {
  std::uint64_t value = 0;
  std::memcpy(&value, bytes, sizeof(value));
  return value;
}

// Transposes 8 x 8 bytes: rows `stride_in` apart become rows `stride_out` apart.
void transpose8(const std::uint8_t* in, std::size_t stride_in, std::uint8_t* out, std::size_t stride_out) {
  std::uint64_t row[8];
  for (std::size_t i = 0; i < 8; ++i) row[i] = load64(in + i * stride_in);
  const auto swap = [&](std::size_t distance, unsigned shift, std::uint64_t mask) {
    for (std::size_t i = 0; i < 8; ++i) {
      if ((i & distance) != 0) continue;
      const std::uint64_t low = row[i];
      const std::uint64_t high = row[i + distance];
      row[i] = (low & mask) | (high & mask) << shift;
      row[i + distance] = (low >> shift & mask) | (high & (mask << shift));
    }
  };
  swap(4, 32, 0x00000000FFFFFFFFU);
  swap(2, 16, 0x0000FFFF0000FFFFU);
  swap(1, 8, 0x00FF00FF00FF00FFU);
  for (std::size_t i = 0; i < 8; ++i) std::memcpy(out + i * stride_out, &row[i], sizeof(row[i]));
}

void transpose(const std::uint8_t* in, std::size_t in_rows, std::size_t in_columns, std::uint8_t* out) {
  const std::size_t whole_rows = in_rows / 8 * 8;
  const std::size_t whole_columns = in_columns / 8 * 8;
  // The narrow side is walked in the outer loop: writes then go to eight places, not to all of them.
  if (in_columns < in_rows) {
    for (std::size_t column = 0; column < whole_columns; column += 8) {
      for (std::size_t row = 0; row < whole_rows; row += 8) {
        transpose8(in + row * in_columns + column, in_columns, out + column * in_rows + row, in_rows);
      }
    }
  } else {
    for (std::size_t row = 0; row < whole_rows; row += 8) {
      for (std::size_t column = 0; column < whole_columns; column += 8) {
        transpose8(in + row * in_columns + column, in_columns, out + column * in_rows + row, in_rows);
      }
    }
  }
  for (std::size_t row = 0; row < in_rows; ++row) {
    const std::size_t from = row < whole_rows ? whole_columns : 0;
    for (std::size_t column = from; column < in_columns; ++column) {
      out[column * in_rows + row] = in[row * in_columns + column];
    }
  }
}

inline std::uint32_t load_word(const std::uint8_t* in) {
  std::uint16_t word = 0;
  std::memcpy(&word, in, sizeof(word));
  return word;
}

// Looks a slot up among the 4096 of a table.
class SlotLookup {
 public:
  explicit SlotLookup(const LaneTables& tables) : slots_(tables.slots.data()) {}

  // Decodes one token up to the refill; `table` is the place of its table.
  std::uint8_t take(std::size_t table, std::uint32_t& state) const {
    const std::uint32_t word = slots_[table + (state & (kFastTotal - 1))];
    state = (word >> 20) * (state >> kFastTotalBits) + (word >> 8 & (kFastTotal - 1));
    return static_cast<std::uint8_t>(word);
  }

 private:
  const std::uint32_t* slots_;
};

// Looks a slot up in the bucket it falls into. Which half of it it is cannot be foreseen, so it is looked up
// and not branched on.
class BucketLookup {
 public:
  explicit BucketLookup(const LaneTables& tables)
      : dividers_(tables.dividers.data()),
        words_(tables.words.data()),
        place_bits_(kFastTotalBits - tables.bits),
        place_mask_((1U << place_bits_) - 1) {}

  std::uint8_t take(std::size_t table, std::uint32_t& state) const {
    const std::size_t at = table + ((state & (kFastTotal - 1)) >> place_bits_);
    const std::uint32_t place = state & place_mask_;
    const std::size_t other = place >= dividers_[at] ? 1 : 0;
    const std::uint32_t word = words_[2 * at + other];
    state = (word >> 20) * (state >> kFastTotalBits) + ((place + (word >> 8)) & (kFastTotal - 1));
    return static_cast<std::uint8_t>(word);
  }

 private:
  const std::uint16_t* dividers_;
  const std::uint32_t* words_;
  unsigned place_bits_;
  std::uint32_t place_mask_;
};

// Where the tables of tokens are: what class and earlier tokens add to it. Walks along with the rows, for
// differences of pointers are one register more.
template <bool Contexts>
class RowTables {
 public:
  RowTables(const LaneTables& tables, const std::uint8_t* row, std::size_t lanes)
      : parts_{tables.table_part[0].data(), tables.table_part[1].data()}, shift_(tables.table_shift()) {
    if constexpr (Contexts) {
      for (std::size_t i = 0; i < 2; ++i) earlier_[i] = row - tables.neighbours[i].offset * lanes;
    }
  }

  // The place of the table of token `i` from here, whose class is `number`.
  std::size_t operator()(std::size_t number, std::size_t i) const {
    if constexpr (!Contexts) return 0;
    return (number << shift_) + parts_[0][earlier_[0][i]] + parts_[1][earlier_[1][i]];
  }
  void move_on(std::size_t tokens) {
    if constexpr (!Contexts) return;
    earlier_[0] += tokens;
    earlier_[1] += tokens;
  }

 private:
  std::array<const std::uint32_t*, 2> parts_;
  std::array<const std::uint8_t*, 2> earlier_{};
  unsigned shift_;
};

// Rows from run.step to `steps` while the input holds a word for every lane. Of few lanes the number is
// known here, so that their states stay in registers; 0 stands for any multiple of 8.
template <std::size_t FewLanes, bool Contexts, class Lookup>
void decode_whole_rows(const LaneTables& tables, LaneRun& run, std::size_t steps) {
  constexpr std::size_t group = FewLanes == 0 ? 8 : FewLanes;
  const std::size_t lanes = FewLanes == 0 ? run.lanes : FewLanes;
  std::array<std::uint32_t, FewLanes == 0 ? kFastMaxLanes : FewLanes> states;
  std::copy_n(run.states.begin(), lanes, states.begin());
  const Lookup lookup(tables);
  const std::uint8_t* in = run.in;
  const std::uint8_t* const end = run.end;
  // Where the next token of the first lane goes, and how far apart those of two lanes are.
  constexpr bool by_rows = FewLanes == 0 || Contexts;
  std::uint8_t* row = run.rows + run.step * (by_rows ? lanes : 1);
  const std::size_t apart = by_rows ? 1 : steps;
  RowTables<Contexts> table_of(tables, row, lanes);
  std::size_t step = run.step;
  for (; step < steps && static_cast<std::size_t>(end - in) >= 2 * lanes; ++step) {
    for (std::size_t first = 0; first < lanes;
         first += group, row += by_rows ? group : 1, table_of.move_on(group)) {
      for (std::size_t i = 0; i < group; ++i) {
        std::uint32_t state = states[first + i];
        row[i * apart] = lookup.take(table_of(row[i * apart], i), state);
        // Written so that no compiler makes a branch of it: one refill in a few tokens is not foreseeable.
        const std::uint32_t low = 0U - (state < kLaneLow ? 1U : 0U);
        const std::uint32_t filled = state << 16 | load_word(in);
        states[first + i] = state ^ ((state ^ filled) & low);
        in += low & 2U;
      }
    }
  }
  std::copy_n(states.begin(), lanes, run.states.begin());
  run.in = in;
  run.step = step;
}

template <bool Contexts, class Lookup>
void decode_whole_rows(const LaneTables& tables, LaneRun& run, std::size_t steps) {
  switch (run.lanes) {
    case 1:
      return decode_whole_rows<1, Contexts, Lookup>(tables, run, steps);
    case 2:
      return decode_whole_rows<2, Contexts, Lookup>(tables, run, steps);
    case 4:
      return decode_whole_rows<4, Contexts, Lookup>(tables, run, steps);
    default:
      return decode_whole_rows<0, Contexts, Lookup>(tables, run, steps);
  }
}

// One row or a part of it, with every word checked.
template <bool Contexts, class Lookup>
bool decode_part_row(const LaneTables& tables, LaneRun& run, std::size_t steps, std::size_t count) {
  // The tokens beyond whole rows lie behind all lanes in either order.
  const bool by_rows = Contexts || tables.by_rows(run.lanes) || run.step == steps;
  std::uint8_t* const row = run.rows + (by_rows ? run.step * run.lanes : run.step);
  const std::size_t apart = by_rows ? 1 : steps;
  const Lookup lookup(tables);
  const RowTables<Contexts> table_of(tables, row, run.lanes);
  for (std::size_t lane = 0; lane < count; ++lane) {
    std::uint8_t& token = row[lane * apart];
    token = lookup.take(table_of(token, lane), run.states[lane]);
    if (run.states[lane] >= kLaneLow) continue;
    if (run.end - run.in < 2) return false;
    run.states[lane] = run.states[lane] << 16 | load_word(run.in);
    run.in += 2;
  }
  return true;
}

template <bool Contexts, class Lookup>
bool decode_rows_by(const LaneTables& tables, LaneRun& run, std::size_t steps, std::size_t extra) {
  decode_whole_rows<Contexts, Lookup>(tables, run, steps);
  for (; run.step < steps; ++run.step) {
    if (!decode_part_row<Contexts, Lookup>(tables, run, steps, run.lanes)) return false;
  }
  return decode_part_row<Contexts, Lookup>(tables, run, steps, extra);
}

template <bool Contexts>
bool decode_rows_by(const LaneTables& tables, LaneRun& run, std::size_t steps, std::size_t extra) {
  if (tables.slots.empty()) return decode_rows_by<Contexts, BucketLookup>(tables, run, steps, extra);
  return decode_rows_by<Contexts, SlotLookup>(tables, run, steps, extra);
}

}  // namespace

bool decode_rows(const LaneTables& tables, LaneRun& run, std::size_t steps, std::size_t extra) {
  if (tables.tables > 1) return decode_rows_by<true>(tables, run, steps, extra);
  return decode_rows_by<false>(tables, run, steps, extra);
}

void rows_to_weights(const std::uint8_t* rows, std::size_t lanes, std::size_t steps, std::size_t extra,
                     std::uint8_t* weights, bool simd) {
  if (simd && lanes >= 16) {
    for (std::size_t step = rows_to_weights_simd(rows, lanes, steps, weights); step < steps; ++step) {
      for (std::size_t lane = 0; lane < lanes; ++lane)
        weights[lane * steps + step] = rows[step * lanes + lane];
    }
  } else {
    transpose(rows, steps, lanes, weights);
  }
  std::copy_n(rows + steps * lanes, extra, weights + steps * lanes);
}

void weights_to_rows(const std::uint8_t* weights, std::size_t lanes, std::size_t steps, std::size_t extra,
                     std::uint8_t* rows, bool simd) {
  if (simd && lanes >= 16) {
    for (std::size_t step = weights_to_rows_simd(weights, lanes, steps, rows); step < steps; ++step) {
      for (std::size_t lane = 0; lane < lanes; ++lane)
        rows[step * lanes + lane] = weights[lane * steps + step];
    }
  } else {
    transpose(weights, lanes, steps, rows);
  }
  std::copy_n(weights + steps * lanes, extra, rows + steps * lanes);
}

void find_far_tokens(std::span<const std::uint8_t> tokens, std::uint32_t first, std::uint32_t end,
                     std::span<std::uint64_t> masks, bool simd) {
  constexpr std::uint64_t ones = 0x0101010101010101U;
  const std::uint64_t to_first = ones * (128 - first);
  const std::uint64_t to_end = ones * (128 - end);
  for (std::size_t i = simd ? find_far_tokens_simd(tokens, first, end, masks) : 0; 64 * i < tokens.size();
       ++i) {
    const auto part = tokens.subspan(64 * i, std::min<std::size_t>(64, tokens.size() - 64 * i));
    std::uint64_t mask = 0;
    std::size_t at = 0;
    for (; at + 8 <= part.size(); at += 8) {
      // The top bit of each byte says whether token + 128 - limit reaches 128; the product collects them.
      const std::uint64_t eight = load64(part.data() + at);
      const std::uint64_t far = (~(eight + to_first) | (eight + to_end)) >> 7 & ones;
      mask |= (far * 0x0102040810204080U >> 56) << at;
    }
    for (; at < part.size(); ++at) {
      mask |= std::uint64_t{part[at] < first || part[at] >= end} << at;
    }
    masks[i] = mask;
  }
}

}  // namespace pith::loader
