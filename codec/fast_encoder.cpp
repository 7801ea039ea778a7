#include "codec/fast_encoder.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <optional>
#include <utility>

#include "codec/byte_writer.h"
#include "codec/fast_adaptive.h"
#include "codec/fast_alphabet.h"
#include "codec/fast_cost.h"
#include "codec/fast_plan.h"
#include "codec/fast_side.h"
#include "codec/fast_tables.h"
#include "codec/huffman_encoder.h"
#include "loader/fast_lanes.h"
#include "loader/fast_walk_inl.h"

namespace pith::codec {
namespace {

using loader::CodeShape;
using loader::FastKind;
using loader::FastModel;
using loader::kFastSegment;
using loader::kFastTotal;

// Streams without tables decode twenty times more slowly, so they must be this much smaller.
constexpr double kAdaptiveSlowness = 1.06;

// Where the slots of a token are: slots[first + rank]. `inverse` divides by the frequency f: for states
// x < f * 2^20, x / f == x * (floor(2^44 / f) + 1) >> 44, for the error is below x / 2^44 < 1 / f, and the
// product stays below 2^64; both because f <= 4095.
struct EncodeEntry {
  std::uint64_t inverse = 0;
  std::uint32_t frequency = 0;
  std::uint32_t first = 0;
};

struct EncodeTables {
  std::vector<EncodeEntry> entries;  // [table * kFastMaxTokens + token]
  std::vector<std::uint16_t> slots;  // [table * kFastTotal + ...]
};

EncodeTables invert(const TableSet& set, std::size_t tokens) {
  EncodeTables result;
  const unsigned bits = loader::bucket_bits(tokens);
  const std::uint32_t bucket = kFastTotal >> bits;
  std::vector<loader::AliasEntry> alias(std::size_t{1} << bits);
  result.entries.resize(set.frequencies.size() * loader::kFastMaxTokens);
  result.slots.resize(set.frequencies.size() * kFastTotal);
  for (std::size_t i = 0; i < set.frequencies.size(); ++i) {
    auto first = static_cast<std::uint32_t>(i * kFastTotal);
    const auto entries =
        std::span(result.entries).subspan(i * loader::kFastMaxTokens, loader::kFastMaxTokens);
    for (std::size_t token = 0; token < tokens; ++token) {
      const std::uint32_t frequency = set.frequencies[i][token];
      if (frequency == 0) continue;
      entries[token] = {(std::uint64_t{1} << 44) / frequency + 1, frequency, first};
      first += frequency;
    }
    loader::build_alias_table(set.frequencies[i], bits, alias);
    for (std::uint32_t slot = 0; slot < kFastTotal; ++slot) {
      const loader::AliasEntry entry = alias[slot / bucket];
      const std::uint32_t place = slot % bucket;
      const bool other = place >= (entry.own >> 8 & 0xFFFU);
      const std::uint32_t token = other ? entry.other & 0xFFU : slot / bucket;
      const std::uint32_t rank = (place + (other ? entry.other >> 8 : 0)) & (kFastTotal - 1);
      result.slots[entries[token].first + rank] = static_cast<std::uint16_t>(slot);
    }
  }
  return result;
}

// Table numbers of the weights of one segment.
void segment_contexts(const FastModel& model, const loader::ClassMap& classes, std::size_t begin,
                      std::span<const std::uint8_t> tokens, std::span<std::uint8_t> contexts) {
  if (model.classes.count > 1) {
    classes.fill(begin, contexts);
  } else {
    std::ranges::fill(contexts, std::uint8_t{0});
  }
  if (!model.has_neighbours()) return;
  const std::size_t steps = tokens.size() / model.lanes;
  const std::array<std::size_t, 2> strides = model.strides();
  for (std::size_t i = 0; i < 2; ++i) {
    const loader::Neighbour& neighbour = model.neighbours[i];
    if (neighbour.levels <= 1) continue;
    std::array<std::uint8_t, loader::kFastMaxTokens> part{};
    for (std::uint32_t token = 0; token < part.size(); ++token) {
      part[token] = static_cast<std::uint8_t>(strides[i] * neighbour.level(token));
    }
    const std::uint8_t before = part[model.alphabet.neutral()];
    const std::size_t blind = std::min(neighbour.offset, steps);
    for (std::size_t lane = 0; lane < model.lanes; ++lane) {
      const std::size_t at = lane * steps;
      for (std::size_t t = 0; t < blind; ++t) contexts[at + t] += before;
      for (std::size_t t = blind; t < steps; ++t) contexts[at + t] += part[tokens[at + t - neighbour.offset]];
    }
    for (std::size_t lane = 0; lane < tokens.size() % model.lanes; ++lane) {
      const bool inside = steps >= neighbour.offset;
      contexts[steps * model.lanes + lane] +=
          inside ? part[tokens[lane * steps + steps - neighbour.offset]] : before;
    }
  }
}

// Buffers that all segments of a tensor use.
struct LaneScratch {
  std::vector<std::uint8_t> tokens;  // by rows, as in loader/fast_lanes.h
  std::vector<std::uint8_t> contexts;
  std::vector<std::uint16_t> words;
};

// Lanes of one segment: states, then words. Coded backwards into the end of a buffer. Without contexts there
// is one table.
void put_lanes(const EncodeTables& tables, std::size_t lanes, std::span<const std::uint8_t> tokens,
               std::span<const std::uint8_t> contexts, LaneScratch& scratch, std::vector<std::uint8_t>& out) {
  const std::size_t steps = tokens.size() / lanes;
  const std::size_t extra = tokens.size() % lanes;
  // The lanes of a whole segment are 2 KiB apart: side by side they would fight for the same cache sets.
  const bool simd = loader::has_lane_simd();
  const auto by_rows = [&](std::span<const std::uint8_t> from, std::vector<std::uint8_t>& to) {
    to.resize(from.size());
    loader::weights_to_rows(from.data(), lanes, steps, extra, to.data(), simd);
    return std::span<const std::uint8_t>(to);
  };
  tokens = by_rows(tokens, scratch.tokens);
  const bool one_table = contexts.empty();
  if (!one_table) contexts = by_rows(contexts, scratch.contexts);
  scratch.words.resize(tokens.size());  // a token gives up at most one
  std::uint16_t* const end = scratch.words.data() + scratch.words.size();
  std::uint16_t* next = end;
  std::array<std::uint32_t, loader::kFastMaxLanes> states;
  states.fill(loader::kLaneLow);
  const auto put = [&](std::size_t at, const EncodeEntry& entry) {
    std::uint32_t& lane = states[at & (lanes - 1)];
    std::uint32_t state = lane;
    *(next - 1) = static_cast<std::uint16_t>(state);
    // Written so that no compiler makes a branch of it: which tokens give up a word is not foreseeable.
    const std::uint32_t full = 0U - (state >= entry.frequency << 20 ? 1U : 0U);
    next -= full & 1U;
    state ^= (state ^ state >> 16) & full;
    const auto whole = static_cast<std::uint32_t>(state * entry.inverse >> 44);
    const std::uint32_t rank = state - whole * entry.frequency;
    lane = whole << loader::kFastTotalBits | tables.slots[entry.first + rank];
  };
  if (one_table) {
    for (std::size_t at = tokens.size(); at-- > 0;) put(at, tables.entries[tokens[at]]);
  } else {
    for (std::size_t at = tokens.size(); at-- > 0;)
      put(at, tables.entries[contexts[at] * loader::kFastMaxTokens + tokens[at]]);
  }
  const auto append = [&](const void* from, std::size_t size) {
    const auto* bytes = static_cast<const std::uint8_t*>(from);
    out.insert(out.end(), bytes, bytes + size);
  };
  append(states.data(), 4 * lanes);
  append(next, 2 * static_cast<std::size_t>(end - next));
}

// Low bits of the tokens that stand for more than one value; nothing when there are none.
template <class T>
void put_low_bits(const loader::TokenAlphabet& alphabet, std::span<const T> values,
                  std::span<const std::uint8_t> tokens, std::vector<std::uint8_t>& out) {
  SideWriter side;
  loader::NumberModel numbers;
  bool stored = false;
  const std::int64_t high = std::int64_t{alphabet.low} + alphabet.direct - 1;
  std::array<std::uint64_t, kFastSegment / 64> masks;
  loader::find_far_tokens(tokens, alphabet.below, alphabet.below + alphabet.direct, masks,
                          loader::has_lane_simd());
  for (std::size_t block = 0; 64 * block < tokens.size(); ++block) {
    for (std::uint64_t far = masks[block]; far != 0; far &= far - 1) {
      const std::size_t i = 64 * block + static_cast<std::size_t>(std::countr_zero(far));
      const std::int64_t distance =
          values[i] < alphabet.low ? std::int64_t{alphabet.low} - values[i] : std::int64_t{values[i]} - high;
      const auto size = static_cast<std::uint32_t>(distance);
      const auto bits = static_cast<unsigned>(std::bit_width(size));
      if (bits < 2) continue;
      (void)numbers.code_rest(side, bits, size);
      stored = true;
    }
  }
  if (stored) side.finish(out);
}

// A tensor under one model.
template <class T>
class TableCoding {
 public:
  TableCoding(std::span<const T> values, std::span<const std::uint8_t> tokens, const CodeShape& shape,
              FastModel model)
      : values_(values), tokens_(tokens), model_(std::move(model)), shape_(&shape) {
    counts_.resize(model_.tables());
    if (model_.tables() == 1) {
      const SymbolCounts counts = count_symbols(tokens_);
      for (std::size_t token = 0; token < counts_[0].size(); ++token)
        counts_[0][token] = static_cast<std::uint32_t>(counts[token]);
    } else {
      contexts_.resize(tokens.size());
      count();
    }
  }

  // What the choice between models goes by: the bits of the stream (but for the low bits that all of them
  // have alike), and a little for models that decode more slowly.
  [[nodiscard]] double cost() {
    if (cost_ > 0) return cost_;
    BitCounter counter;
    (void)loader::walk_layout(counter, model_);
    (void)loader::walk_classes(counter, *shape_, model_.classes);
    tables_ = choose_tables(counts_, model_.alphabet.tokens(), kUsualSteps);
    const double bits = counter.bits() + tables_.bits + 16.0 * static_cast<double>(model_.lanes);
    return cost_ = bits * slowness(model_);
  }

  [[nodiscard]] std::vector<std::uint8_t> write() {
    tables_ = choose_tables(counts_, model_.alphabet.tokens(), kAllSteps);
    const EncodeTables encode = invert(tables_, model_.alphabet.tokens());
    std::vector<std::uint8_t> segments;
    segments.reserve(tokens_.size());  // more would be rare
    std::vector<std::size_t> ends;
    LaneScratch scratch;
    for (std::size_t begin = 0; begin < tokens_.size(); begin += kFastSegment) {
      const std::size_t size = std::min(kFastSegment, tokens_.size() - begin);
      const auto tokens = tokens_.subspan(begin, size);
      const auto contexts =
          contexts_.empty() ? std::span<std::uint8_t>() : std::span(contexts_).subspan(begin, size);
      put_lanes(encode, model_.lanes, tokens, contexts, scratch, segments);
      if (model_.alphabet.below + model_.alphabet.above > 0) {
        put_low_bits(model_.alphabet, values_.subspan(begin, size), tokens, segments);
      }
      ends.push_back(segments.size());
    }
    SideWriter side;
    auto kind = static_cast<std::uint32_t>(FastKind::tables);
    loader::walk_plain(side, 2, kind);
    (void)loader::walk_layout(side, model_);
    (void)loader::walk_classes(side, *shape_, model_.classes);
    auto steps_log = static_cast<std::uint32_t>(std::bit_width(tables_.steps) - 1);
    loader::walk_plain(side, 2, steps_log);
    loader::TableWalk walk(tables_.steps);
    for (loader::TableLevels& table : tables_.levels) {
      (void)walk.walk(side, model_.alphabet.tokens(), table);
    }
    std::size_t start = 0;
    for (std::size_t i = 0; i + 1 < ends.size(); ++i) {
      const auto size = static_cast<std::uint32_t>(ends[i] - start);
      (void)side.plain(10, size & 1023U);
      (void)side.plain(10, size >> 10);
      start = ends[i];
    }
    std::vector<std::uint8_t> out;
    side.finish(out);
    out.reserve(out.size() + segments.size() + 1);  // with the check byte that follows
    out.insert(out.end(), segments.begin(), segments.end());
    return out;
  }

 private:
  void count() {
    const loader::ClassMap classes(model_.classes, *shape_);
    std::vector<TokenCounts> others(model_.tables());
    for (std::size_t begin = 0; begin < tokens_.size(); begin += kFastSegment) {
      const std::size_t size = std::min(kFastSegment, tokens_.size() - begin);
      const auto contexts = std::span(contexts_).subspan(begin, size);
      segment_contexts(model_, classes, begin, tokens_.subspan(begin, size), contexts);
      // Every other token counts elsewhere: equal ones in a row would wait for each other.
      const std::uint8_t* const tokens = tokens_.data() + begin;
      for (std::size_t i = 0; i + 1 < size; i += 2) {
        ++counts_[contexts[i]][tokens[i]];
        ++others[contexts[i + 1]][tokens[i + 1]];
      }
      if (size % 2 != 0) ++counts_[contexts[size - 1]][tokens[size - 1]];
    }
    for (std::size_t table = 0; table < others.size(); ++table) {
      for (std::size_t token = 0; token < others[table].size(); ++token) {
        counts_[table][token] += others[table][token];
      }
    }
  }

  std::span<const T> values_;
  std::span<const std::uint8_t> tokens_;
  FastModel model_;
  const CodeShape* shape_;
  std::vector<std::uint8_t> contexts_;
  std::vector<TokenCounts> counts_;
  TableSet tables_;
  double cost_ = 0;
};

std::vector<std::uint8_t> write_constant(std::int32_t value) {
  SideWriter side;
  auto kind = static_cast<std::uint32_t>(FastKind::constant);
  loader::walk_plain(side, 2, kind);
  loader::NumberModel numbers;
  loader::walk_signed(side, numbers, value);
  std::vector<std::uint8_t> out;
  side.finish(out);
  return out;
}

template <class T>
std::vector<std::uint8_t> encode_smallest(std::span<const T> values, const CodeShape& shape,
                                          const FastOptions& options, FastSummary& report) {
  if (std::ranges::all_of(values, [&](T value) { return value == values.front(); })) {
    report.kind = "constant";
    return write_constant(values.front());
  }
  std::vector<std::uint8_t> best;
  if (options.adaptive && values.size() <= loader::kFastMaxAdaptive) {
    best = encode_adaptive(std::vector<std::int32_t>(values.begin(), values.end()), shape);
    report.kind = "adaptive";
  }
  const loader::TokenAlphabet alphabet = choose_alphabet(values);
  std::vector<std::uint8_t> tokens(values.size());
  tokens_of(alphabet, values, tokens);
  std::vector<FastModel> models = plan_models(tokens, shape, alphabet, options);
  std::optional<TableCoding<T>> smallest;
  for (FastModel& model : models) {
    TableCoding<T> coding(values, tokens, shape, std::move(model));
    const bool better = !smallest || (models.size() > 1 && coding.cost() < smallest->cost());
    if (better) smallest.emplace(std::move(coding));
  }
  auto stream = smallest->write();
  if (best.empty() ||
      static_cast<double>(stream.size()) < kAdaptiveSlowness * static_cast<double>(best.size())) {
    best = std::move(stream);
    report.kind = "tables";
  }
  return best;
}

}  // namespace

template <class T>
std::vector<std::uint8_t> encode_fast(std::span<const T> values, const CodeShape& shape,
                                      const FastOptions& options, FastSummary* summary) {
  FastSummary unused;
  FastSummary& report = summary != nullptr ? *summary : unused;
  report = {};
  if (values.empty()) return {};
  std::vector<std::uint8_t> stream = encode_smallest(values, shape, options, report);
  stream.push_back(static_cast<std::uint8_t>(255 - loader::byte_sum(stream)));
  return stream;
}

template std::vector<std::uint8_t> encode_fast(std::span<const std::int8_t>, const CodeShape&,
                                               const FastOptions&, FastSummary*);
template std::vector<std::uint8_t> encode_fast(std::span<const std::uint8_t>, const CodeShape&,
                                               const FastOptions&, FastSummary*);
template std::vector<std::uint8_t> encode_fast(std::span<const std::int32_t>, const CodeShape&,
                                               const FastOptions&, FastSummary*);

}  // namespace pith::codec
