#include "loader/fast_decoder.h"

#include <algorithm>
#include <cstring>

#include "loader/fast_header.h"
#include "loader/fast_lanes.h"
#include "loader/fast_walk_inl.h"
#include "loader/integers.h"
#include "loader/parallel.h"

namespace pith::loader {
namespace {

// Weights a table from which on looking slots up saves the scalar loop more than filling them in takes.
constexpr std::size_t kWeightsForSlots = 2048;

// What all segments of a tensor are decoded with.
struct TableStream {
  FastHeader header;
  Vector<std::uint16_t> dividers;
  Vector<std::uint32_t> words;
  Vector<std::uint32_t> slots;
  LaneTables tables;
};

void prepare_lanes(TableStream& stream, std::size_t weights, bool simd) {
  const FastModel& model = stream.header.model;
  LaneTables& tables = stream.tables;
  const unsigned bits = bucket_bits(model.alphabet.tokens());
  tables.entries = stream.header.entries;
  tables.bits = bits;
  tables.tables = model.tables();
  // SIMD has them of a single table, and counts on it; more would not fit the first cache.
  if (simd ? tables.tables == 1 : weights >= tables.tables * kWeightsForSlots) {
    stream.slots.resize(tables.tables << kFastTotalBits);
    for (std::size_t i = 0; i < tables.tables; ++i) {
      fill_slots(tables.entries.subspan(i << bits, std::size_t{1} << bits), bits,
                 stream.slots.data() + (i << kFastTotalBits));
    }
    tables.slots = stream.slots;
  } else {
    stream.dividers.resize(stream.header.entries.size());
    stream.words.resize(2 * stream.header.entries.size());
    for (std::size_t i = 0; i < stream.header.entries.size(); ++i) {
      const AliasEntry& entry = stream.header.entries[i];
      stream.dividers[i] = static_cast<std::uint16_t>(entry.own >> 8 & 0xFFFU);
      stream.words[2 * i] = entry.own & 0xFFF000FFU;
      stream.words[2 * i + 1] = entry.other;
    }
    tables.dividers = stream.dividers;
    tables.words = stream.words;
  }
  tables.neighbours = model.neighbours;
  const std::array<std::size_t, 2> strides = model.strides();
  for (std::size_t i = 0; i < 2; ++i) {
    if (model.neighbours[i].levels <= 1) continue;
    tables.stride[i] = static_cast<std::uint8_t>(strides[i]);
    for (std::uint32_t token = 0; token < kFastMaxTokens; ++token) {
      tables.table_part[i][token] =
          static_cast<std::uint32_t>(strides[i] * model.neighbours[i].level(token) << tables.table_shift());
    }
  }
}

// Buffers for the segments that are decoded side by side.
struct Scratch {
  std::array<Vector<std::uint8_t>, 2> rows;  // the rows a context may look back at, then a segment's
  Vector<std::uint8_t> tokens;               // in the order of the weights
  std::size_t rows_before = 0;               // bytes of the former
};

// Allocates for a tensor of `weights` weights, of which one or two segments are decoded at a time.
Scratch make_scratch(const FastModel& model, std::size_t weights, std::size_t at_a_time) {
  Scratch scratch;
  const std::size_t largest = std::min(weights, kFastSegment);
  scratch.rows_before = std::max(model.neighbours[0].offset, model.neighbours[1].offset) * model.lanes;
  for (std::size_t i = 0; i < at_a_time; ++i) {
    scratch.rows[i].resize(scratch.rows_before + largest);
    std::fill_n(scratch.rows[i].begin(), scratch.rows_before,
                static_cast<std::uint8_t>(model.alphabet.neutral()));
  }
  scratch.tokens.resize(largest);
  return scratch;
}

// Puts in the values of tokens that are not direct; `bytes` hold their low bits.
Status add_low_bits(const TokenAlphabet& alphabet, std::span<const std::uint8_t> tokens,
                    std::span<const std::uint8_t> bytes, const Integers& out, bool simd) {
  const std::uint32_t end_direct = alphabet.below + alphabet.direct;
  const std::int64_t high = std::int64_t{alphabet.low} + alphabet.direct - 1;
  SideReader side(bytes);
  NumberModel numbers;
  bool stored = false;  // the nearest token of each side stands for one value and has no low bits
  bool fits = true;
  const auto put_in = [&](std::size_t at) {
    const std::uint32_t token = tokens[at];
    const bool is_below = token < alphabet.below;
    const unsigned bits = is_below ? alphabet.below - token : token - end_direct + 1;
    std::int64_t distance = 1;
    if (bits > 1) {
      distance = numbers.code_rest(side, bits, 0);
      stored = true;
    }
    const std::int64_t value = is_below ? alphabet.low - distance : high + distance;
    fits &= out.hold(value);
    out.put(at, value);
  };
  constexpr std::size_t block = 4096;
  std::array<std::uint64_t, block / 64> masks;
  for (std::size_t begin = 0; begin < tokens.size(); begin += block) {
    const auto part = tokens.subspan(begin, std::min(block, tokens.size() - begin));
    find_far_tokens(part, alphabet.below, end_direct, masks, simd);
    for (std::size_t i = 0; 64 * i < part.size(); ++i) {
      for (std::uint64_t far = masks[i]; far != 0; far &= far - 1) {
        put_in(begin + 64 * i + static_cast<std::size_t>(std::countr_zero(far)));
      }
    }
  }
  if (!fits) return damaged("a value is outside its type");
  if (!stored && !bytes.empty()) return damaged("a segment has bytes left over");
  if (stored && (!side.decoder().finished() || side.decoder().position() != bytes.size())) {
    return damaged("the low bits of a segment do not end as they must");
  }
  return {};
}

// Reads the states of a segment and puts the classes of its weights, if any, into its rows.
Status start_segment(const TableStream& stream, const ClassMap& classes, std::span<std::uint8_t> tokens,
                     std::span<const std::uint8_t> bytes, std::size_t begin, LaneRun& run, bool simd) {
  const std::size_t lanes = run.lanes;
  if (bytes.size() < 4 * lanes) return damaged("a segment is too short for its states");
  std::memcpy(run.states.data(), bytes.data(), 4 * lanes);
  if (std::ranges::any_of(std::span(run.states).first(lanes), [](auto state) { return state < kLaneLow; })) {
    return damaged("a lane starts in a state that cannot be");
  }
  run.in = bytes.data() + 4 * lanes;
  run.end = bytes.data() + bytes.size();
  if (stream.header.model.classes.count > 1) {
    classes.fill(begin, tokens);
    weights_to_rows(tokens.data(), lanes, tokens.size() / lanes, tokens.size() % lanes, run.rows, simd);
  } else if (stream.tables.has_contexts()) {
    std::fill_n(run.rows, tokens.size(), std::uint8_t{0});
  }
  return {};
}

// Decodes what is left of a segment, checks its end and turns tokens into values.
Status finish_segment(const TableStream& stream, LaneRun& run, std::span<std::uint8_t> tokens,
                      const Integers& out, bool simd) {
  const std::size_t steps = out.size() / run.lanes;
  const std::size_t extra = out.size() % run.lanes;
  if (!decode_rows(stream.tables, run, steps, extra)) return damaged("the words of a segment run out");
  const auto states = std::span(run.states).first(run.lanes);
  if (std::ranges::any_of(states, [](auto state) { return state != kLaneLow; })) {
    return damaged("a lane does not end as it must");
  }
  if (stream.tables.by_rows(run.lanes))
    rows_to_weights(run.rows, run.lanes, steps, extra, tokens.data(), simd);
  const TokenAlphabet& alphabet = stream.header.model.alphabet;
  const std::uint32_t shift = static_cast<std::uint32_t>(alphabet.low) - alphabet.below;
  out.put_tokens(tokens, shift);
  const std::span<const std::uint8_t> rest(run.in, run.end);
  if (alphabet.below + alphabet.above > 0) return add_low_bits(alphabet, tokens, rest, out, simd);
  if (!rest.empty()) return damaged("a segment has bytes left over");
  return {};
}

// Decodes segments `first` and, with two runs, the one after it, which then has as many steps.
Status decode_some(const TableStream& stream, std::span<const std::uint8_t> bytes, const ClassMap& classes,
                   Scratch& scratch, std::size_t first, std::span<LaneRun> runs, const Integers& out,
                   bool simd) {
  const std::size_t size = out.size() / runs.size();
  const auto tokens = std::span(scratch.tokens).first(size);
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const std::size_t begin = stream.header.segments[first + i];
    const auto stored = bytes.subspan(begin, stream.header.segments[first + i + 1] - begin);
    runs[i] = {.lanes = stream.header.model.lanes};
    runs[i].rows =
        stream.tables.by_rows(runs[i].lanes) ? scratch.rows[i].data() + scratch.rows_before : tokens.data();
    Status bad = start_segment(stream, classes, tokens, stored, (first + i) * kFastSegment, runs[i], simd);
    if (!bad.ok()) return bad;
  }
  if (simd) decode_rows_simd(stream.tables, runs, size / stream.header.model.lanes);
  for (std::size_t i = 0; i < runs.size(); ++i) {
    Status bad = finish_segment(stream, runs[i], tokens, out.part(i * size, size), simd);
    if (!bad.ok()) return bad;
  }
  return {};
}

Status decode_segments(const TableStream& stream, std::span<const std::uint8_t> bytes, const CodeShape& shape,
                       const Integers& out, bool simd) {
  // Two segments at a time as long as both are whole: they have the same number of steps then.
  const std::size_t whole = out.size() / kFastSegment;
  const std::size_t pairs = simd ? whole / 2 : 0;
  const std::size_t all = stream.header.segments.size() - 1;
  const ClassMap classes(stream.header.model.classes, shape);
  return run_workers(all - pairs, [&](PartQueue& parts) -> Status {
    Scratch scratch = make_scratch(stream.header.model, out.size(), pairs > 0 ? 2 : 1);
    std::array<LaneRun, 2> runs;
    while (parts.next()) {
      const bool two = parts.number() < pairs;
      const std::size_t first = two ? 2 * parts.number() : parts.number() + pairs;
      const std::size_t begin = first * kFastSegment;
      const std::size_t size = two ? 2 * kFastSegment : std::min(kFastSegment, out.size() - begin);
      Status bad = decode_some(stream, bytes, classes, scratch, first, std::span(runs).first(two ? 2 : 1),
                               out.part(begin, size), simd);
      if (!bad.ok()) return bad;
    }
    return {};
  });
}

Status decode_tables(SideReader& side, std::span<const std::uint8_t> bytes, const CodeShape& shape,
                     const Integers& out, FastPath path) {
  TableStream stream;
  if (Status bad = read_fast_header(side, bytes, shape, out.size(), stream.header); !bad.ok()) return bad;
  const TokenAlphabet& alphabet = stream.header.model.alphabet;
  if (!out.hold(alphabet.low) || !out.hold(std::int64_t{alphabet.low} + alphabet.direct - 1)) {
    return damaged("a token alphabet is outside its type");
  }
  const bool simd =
      path == FastPath::best && stream.header.model.lanes >= kFastFewestSimdLanes && has_lane_simd();
  prepare_lanes(stream, out.size(), simd);
  return decode_segments(stream, bytes, shape, out, simd);
}

Status decode_adaptive(SideReader& side, const Integers& out) {
  if (out.size() > kFastMaxAdaptive) return damaged("too many weights for a stream without tables");
  AdaptiveSettings settings;
  walk_settings(side, settings);
  AdaptiveModel model(settings);
  std::array<std::int32_t, kFastMaxAdaptive> values;
  bool fits = true;
  for (std::size_t i = 0; i < out.size(); ++i) {
    values[i] = model.code(side, values, i, 0, fits);
    fits &= out.hold(values[i]);
    out.put(i, values[i]);
  }
  if (!fits) return damaged("a value is outside its type");
  return {};
}

Status decode_any(std::span<const std::uint8_t> stream, const CodeShape& shape, const Integers& out,
                  FastPath path) {
  if (!shape_holds(shape, out.size())) return damaged("a shape does not hold the weights");
  if (out.size() == 0) return stream.empty() ? Status() : damaged("an empty tensor has bytes");
  if (stream.empty() || byte_sum(stream) != 0) return damaged("the check byte of a stream is wrong");
  stream = stream.first(stream.size() - 1);
  SideReader side(stream);
  std::uint32_t kind = 0;
  walk_plain(side, 2, kind);
  if (kind == static_cast<std::uint32_t>(FastKind::tables)) {
    return decode_tables(side, stream, shape, out, path);
  }
  if (kind == static_cast<std::uint32_t>(FastKind::adaptive)) {
    if (Status bad = decode_adaptive(side, out); !bad.ok()) return bad;
  } else if (kind == static_cast<std::uint32_t>(FastKind::constant)) {
    NumberModel numbers;
    std::int32_t value = 0;
    walk_signed(side, numbers, value);
    if (!out.hold(value)) return damaged("a value is outside its type");
    out.fill(value);
  } else {
    return damaged("a stream of an unknown kind");
  }
  if (!side.decoder().finished() || side.decoder().position() != stream.size()) {
    return damaged("a stream does not end as it must");
  }
  return {};
}

}  // namespace

template <class T>
Status decode_fast(std::span<const std::uint8_t> stream, const CodeShape& shape, std::span<T> out,
                   FastPath path) noexcept {
  return guarded([&] { return decode_any(stream, shape, Integers(out), path); });
}

template Status decode_fast(std::span<const std::uint8_t>, const CodeShape&, std::span<std::int8_t>,
                            FastPath) noexcept;
template Status decode_fast(std::span<const std::uint8_t>, const CodeShape&, std::span<std::uint8_t>,
                            FastPath) noexcept;
template Status decode_fast(std::span<const std::uint8_t>, const CodeShape&, std::span<std::int16_t>,
                            FastPath) noexcept;
template Status decode_fast(std::span<const std::uint8_t>, const CodeShape&, std::span<std::int32_t>,
                            FastPath) noexcept;

}  // namespace pith::loader
