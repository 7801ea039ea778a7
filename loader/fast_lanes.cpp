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

// Decodes one token of one lane up to the refill; `table` is the place of its table in the entries. Which
// half of a bucket it is cannot be foreseen, so it is looked up and not branched on.
inline std::uint8_t take_token(const ScalarEntries& entries, unsigned bits, std::size_t table,
                               std::uint32_t& state) {
  const unsigned place_bits = kFastTotalBits - bits;
  const std::size_t at = table + ((state & (kFastTotal - 1)) >> place_bits);
  const std::uint32_t place = state & ((1U << place_bits) - 1);
  const std::size_t other = place >= entries.dividers[at] ? 1 : 0;
  const std::uint32_t word = entries.words[2 * at + other];
  state = (word >> 20) * (state >> kFastTotalBits) + place + (word >> 7 & 0x1FFFU) - kAliasBias;
  return static_cast<std::uint8_t>(word & 0x7FU);
}

inline std::uint32_t load_word(const std::uint8_t* in) {
  std::uint16_t word = 0;
  std::memcpy(&word, in, sizeof(word));
  return word;
}

// Rows from run.step to `steps` while the input holds a word for every lane.
template <std::size_t Lanes, std::size_t Neighbours, bool Classes>
void decode_whole_rows(const LaneTables& tables, LaneRun& run, std::size_t steps) {
  std::uint32_t states[Lanes];
  std::copy_n(run.states.begin(), Lanes, states);
  const ScalarEntries entries = tables.scalar;
  const unsigned bits = tables.bits;
  const std::uint8_t* in = run.in;
  std::uint8_t* row = run.rows + run.step * Lanes;
  const std::size_t back0 = tables.neighbours[0].offset * Lanes;
  const std::size_t back1 = tables.neighbours[1].offset * Lanes;
  for (; run.step < steps; ++run.step, row += Lanes) {
    if (static_cast<std::size_t>(run.end - in) < 2 * Lanes) break;
    for (std::size_t lane = 0; lane < Lanes; ++lane) {
      std::size_t table = Classes ? std::size_t{row[lane]} << bits : 0;
      if constexpr (Neighbours > 0) table += tables.table_part[0][*(row + lane - back0)];
      if constexpr (Neighbours > 1) table += tables.table_part[1][*(row + lane - back1)];
      std::uint32_t state = states[lane];
      row[lane] = take_token(entries, bits, table, state);
      // Written so that no compiler makes a branch of it: one refill in a few tokens is not foreseeable.
      const std::uint32_t low = state < kLaneLow ? 1 : 0;
      states[lane] = state << (16 * low) | (load_word(in) & (0U - low));
      in += std::size_t{2} * low;
    }
  }
  std::copy_n(states, Lanes, run.states.begin());
  run.in = in;
}

template <std::size_t Lanes>
void decode_whole_rows(const LaneTables& tables, LaneRun& run, std::size_t steps) {
  const auto decode = [&]<std::size_t Neighbours>() {
    if (tables.classes) return decode_whole_rows<Lanes, Neighbours, true>(tables, run, steps);
    return decode_whole_rows<Lanes, Neighbours, false>(tables, run, steps);
  };
  if (tables.stride[1] != 0) return decode.template operator()<2>();
  if (tables.stride[0] != 0) return decode.template operator()<1>();
  return decode.template operator()<0>();
}

// One row or a part of it, with every word checked.
bool decode_part_row(const LaneTables& tables, LaneRun& run, std::size_t count) {
  std::uint8_t* const row = run.rows + run.step * run.lanes;
  for (std::size_t lane = 0; lane < count; ++lane) {
    std::size_t table = tables.classes ? std::size_t{row[lane]} << tables.bits : 0;
    for (std::size_t i = 0; i < 2; ++i) {
      table += tables.table_part[i][*(row + lane - tables.neighbours[i].offset * run.lanes)];
    }
    row[lane] = take_token(tables.scalar, tables.bits, table, run.states[lane]);
    if (run.states[lane] >= kLaneLow) continue;
    if (run.end - run.in < 2) return false;
    run.states[lane] = run.states[lane] << 16 | load_word(run.in);
    run.in += 2;
  }
  return true;
}

}  // namespace

bool decode_rows(const LaneTables& tables, LaneRun& run, std::size_t steps, std::size_t extra) {
  switch (run.lanes) {
    case 1:
      decode_whole_rows<1>(tables, run, steps);
      break;
    case 2:
      decode_whole_rows<2>(tables, run, steps);
      break;
    case 4:
      decode_whole_rows<4>(tables, run, steps);
      break;
    case 8:
      decode_whole_rows<8>(tables, run, steps);
      break;
    case 16:
      decode_whole_rows<16>(tables, run, steps);
      break;
    default:
      decode_whole_rows<32>(tables, run, steps);
      break;
  }
  for (; run.step < steps; ++run.step) {
    if (!decode_part_row(tables, run, run.lanes)) return false;
  }
  return decode_part_row(tables, run, extra);
}

void rows_to_weights(const std::uint8_t* rows, std::size_t lanes, std::size_t steps, std::size_t extra,
                     std::uint8_t* weights, bool simd) {
  if (simd && lanes == kFastMaxLanes) {
    for (std::size_t step = rows_to_weights_simd(rows, steps, weights); step < steps; ++step) {
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
  if (simd && lanes == kFastMaxLanes) {
    for (std::size_t step = weights_to_rows_simd(weights, steps, rows); step < steps; ++step) {
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
