// The hot loop of fast_lanes.h with SIMD: 32 lanes in vectors of 8 or 16. Must
// decode the same tokens as the scalar loop; tests compare them.
#include <cstring>

#include "loader/fast_lanes.h"
#include "loader/simd_dispatch.h"

// Highway compiles this file once a target, by names that it asks for.
// NOLINTBEGIN(readability-identifier-naming,misc-use-internal-linkage,misc-unused-alias-decls)
// NOLINTBEGIN(modernize-concat-nested-namespaces)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "loader/fast_simd.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace pith::loader {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// Vectors below 256 bits have no gather worth the name; the scalar loop is as fast there.
#if HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128 && HWY_MAX_BYTES >= 32 && HWY_TARGET <= HWY_AVX2

constexpr bool kUsable = true;
constexpr std::size_t kLanes = 32;
using D32 = hn::CappedTag<std::uint32_t, 16>;
using V32 = hn::Vec<D32>;
constexpr std::size_t kVector = hn::MaxLanes(D32());  // lanes of a vector
constexpr std::size_t kVectors = kLanes / kVector;
using D8Row = hn::CappedTag<std::int8_t, 32>;     // one token of every lane
constexpr std::size_t kMargin = 2 * kLanes + 32;  // bytes that a row may look ahead

// For each mask of 8 lanes, the bytes of a 16-byte shuffle that puts the next words where the mask is set.
struct ExpandTable {
  alignas(16) std::uint8_t bytes[256][16];
  constexpr ExpandTable() : bytes{} {
    for (std::size_t mask = 0; mask < 256; ++mask) {
      std::uint8_t next = 0;
      for (std::size_t lane = 0; lane < 8; ++lane) {
        const bool set = (mask >> lane & 1U) != 0;
        bytes[mask][2 * lane] = set ? next : std::uint8_t{0x80};
        bytes[mask][2 * lane + 1] = set ? static_cast<std::uint8_t>(next + 1) : std::uint8_t{0x80};
        if (set) next = static_cast<std::uint8_t>(next + 2);
      }
    }
  }
};
constexpr ExpandTable kExpand;

// The next words of `in` in the lanes of `mask` (bit i = lane i), zero elsewhere.
HWY_INLINE V32 ExpandWords(const std::uint8_t* in, std::uint32_t mask) {
#if HWY_TARGET <= HWY_AVX3
  const hn::Rebind<std::uint16_t, D32> d16;
  const V32 words = hn::PromoteTo(D32(), hn::LoadU(d16, reinterpret_cast<const std::uint16_t*>(in)));
  return V32{_mm512_maskz_expand_epi32(static_cast<__mmask16>(mask), words.raw)};
#else
  const hn::Full128<std::uint8_t> d8;
  const hn::Full128<std::uint16_t> d16;
  const auto words = hn::TableLookupBytesOr0(hn::LoadU(d8, in), hn::Load(d8, kExpand.bytes[mask & 0xFFU]));
  return hn::PromoteTo(D32(), hn::BitCast(d16, words));
#endif
}

// Bit i = lane i. Reloads as many bytes as were stored, or the load would wait.
HWY_INLINE std::uint32_t MaskBits(hn::Mask<D32> mask) {
  std::uint8_t bytes[8];
  hn::StoreMaskBits(D32(), mask, bytes);
  if constexpr (kVector == 8) return bytes[0];
  std::uint16_t bits = 0;
  std::memcpy(&bits, bytes, sizeof(bits));
  return bits;
}

struct Entries {
  V32 own;
  V32 other;
};

// The elements of `base` at the places listed, loaded one by one: gather instructions are microcoded and
// slower than this on many processors.
template <class D64>
HWY_INLINE hn::Vec<D64> LoadEach(const std::uint64_t* base, const volatile std::uint32_t* at) {
  if constexpr (hn::MaxLanes(D64()) == 2) {
    const auto low = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(base + at[0]));
    return hn::Vec<D64>{
        _mm_castpd_si128(_mm_loadh_pd(_mm_castsi128_pd(low), reinterpret_cast<const double*>(base + at[1])))};
  } else {
    using Half = hn::Half<D64>;
    const auto low = LoadEach<Half>(base, at);
    const auto high = LoadEach<Half>(base, at + hn::MaxLanes(Half()));
    return hn::Combine(D64(), high, low);
  }
}

// Looks entries up in memory.
class MemoryTables {
 public:
  explicit MemoryTables(std::span<const AliasEntry> entries)
      : base_(reinterpret_cast<const std::uint64_t*>(entries.data())) {}

  HWY_INLINE Entries operator()(V32 index) const {
    const D32 d;
    alignas(64) std::uint32_t at[kVector];
    hn::Store(index, d, at);
    using D64 = hn::Repartition<std::uint64_t, D32>;
    const auto low = hn::BitCast(d, LoadEach<D64>(base_, at));
    const auto high = hn::BitCast(d, LoadEach<D64>(base_, at + kVector / 2));
    return {hn::ConcatEven(d, high, low), hn::ConcatOdd(d, high, low)};
  }

 private:
  const std::uint64_t* base_;
};

#if HWY_TARGET <= HWY_AVX3
// Holds all tables, of at most 32 * Blocks entries together, in registers.
template <std::size_t Blocks>
class RegisterTables {
 public:
  explicit RegisterTables(std::span<const AliasEntry> entries) {
    alignas(64) std::uint32_t words[2][32 * Blocks] = {};
    for (std::size_t i = 0; i < entries.size(); ++i) {
      words[0][i] = entries[i].own;
      words[1][i] = entries[i].other;
    }
    for (std::size_t word = 0; word < 2; ++word) {
      for (std::size_t i = 0; i < 2 * Blocks; ++i) parts_[word][i] = hn::Load(D32(), words[word] + 16 * i);
    }
  }

  HWY_INLINE Entries operator()(V32 index) const { return {Look(parts_[0], index), Look(parts_[1], index)}; }

 private:
  HWY_INLINE static V32 Look(const V32* parts, V32 index) { return LookIn<Blocks>(parts, index); }

  // The instruction itself looks at five bits of the index; each further bit picks between two results.
  template <std::size_t Count>
  HWY_INLINE static V32 LookIn(const V32* parts, V32 index) {
    if constexpr (Count == 1) {
      return V32{_mm512_permutex2var_epi32(parts[0].raw, index.raw, parts[1].raw)};
    } else {
      const V32 low = LookIn<Count / 2>(parts, index);
      const V32 high = LookIn<Count / 2>(parts + Count, index);
      const auto upper = hn::TestBit(index, hn::Set(D32(), static_cast<std::uint32_t>(16 * Count)));
      return hn::IfThenElse(upper, high, low);
    }
  }

  V32 parts_[2][2 * Blocks];
};
#endif

// Adds to `context` what the levels of the row at `tokens` stand for.
template <class V>
HWY_INLINE V AddLevels(V context, const std::uint8_t* tokens, const Neighbour& neighbour,
                       std::uint8_t stride) {
  const D8Row d8;
  const V token = hn::LoadU(d8, reinterpret_cast<const std::int8_t*>(tokens));
  const V step = hn::Set(d8, static_cast<std::int8_t>(stride));
  for (std::size_t i = 0; i + 1 < neighbour.levels; ++i) {
    const auto reached = hn::Gt(token, hn::Set(d8, static_cast<std::int8_t>(neighbour.thresholds[i] - 1)));
    context = hn::Add(context, hn::IfThenElseZero(reached, step));
  }
  return context;
}

// Table numbers of one row of tokens.
HWY_INLINE void RowContexts(const LaneTables& tables, const std::uint8_t* row, std::uint8_t* contexts) {
  const D8Row d8;
  auto context = hn::Zero(d8);
  if (tables.classes) context = hn::LoadU(d8, reinterpret_cast<const std::int8_t*>(row));
  for (std::size_t i = 0; i < 2; ++i) {
    const Neighbour& neighbour = tables.neighbours[i];
    if (neighbour.levels > 1) {
      context = AddLevels(context, row - neighbour.offset * kLanes, neighbour, tables.stride[i]);
    }
  }
  hn::Store(context, d8, reinterpret_cast<std::int8_t*>(contexts));
}

// Rows of `Runs` segments side by side, from a common step on: a step of one segment is a long chain of
// dependent instructions, and two chains keep the processor busier than one.
template <bool Contexts, std::size_t Runs, class Lookup>
void DecodeRowsOf(const LaneTables& tables, const Lookup lookup, LaneRun* runs, std::size_t steps) {
  constexpr std::size_t all = Runs * kVectors;
  const D32 d;
  const hn::RebindToSigned<D32> di;
  const hn::Rebind<std::uint8_t, D32> d8;
  const std::uint32_t place_bits = kFastTotalBits - tables.bits;
  const int place_shift = static_cast<int>(place_bits);
  const int table_shift = static_cast<int>(tables.bits);
  const V32 place_mask = hn::Set(d, (1U << place_bits) - 1);
  const V32 bucket_mask = hn::Set(d, (1U << tables.bits) - 1);
  const V32 divider_mask = hn::Set(d, 0xFFFU);
  const V32 rank_mask = hn::Set(d, 0x1FFFU);
  const V32 token_mask = hn::Set(d, 0x7FU);
  const V32 bias = hn::Set(d, kAliasBias);

  V32 states[all];
  const std::uint8_t* in[Runs];
  const std::uint8_t* end[Runs];
  std::uint8_t* row[Runs];
  std::size_t step = runs[0].step;
  for (std::size_t r = 0; r < Runs; ++r) {
    in[r] = runs[r].in;
    end[r] = runs[r].end;
    row[r] = runs[r].rows + step * kLanes;
    for (std::size_t v = 0; v < kVectors; ++v) {
      states[r * kVectors + v] = hn::LoadU(d, runs[r].states.data() + v * kVector);
    }
  }
  const auto has_margin = [&] {
    bool has = true;
    for (std::size_t r = 0; r < Runs; ++r) has &= static_cast<std::size_t>(end[r] - in[r]) >= kMargin;
    return has;
  };
  for (; step < steps && has_margin(); ++step) {
    alignas(32) std::uint8_t contexts[Runs * kLanes];
    if constexpr (Contexts) {
      for (std::size_t r = 0; r < Runs; ++r) RowContexts(tables, row[r], contexts + r * kLanes);
    }
    HWY_UNROLL(8)
    for (std::size_t i = 0; i < all; ++i) {
      const std::size_t r = i / kVectors;
      const V32 state = states[i];
      const V32 place = hn::And(state, place_mask);
      const V32 bucket = hn::And(hn::ShiftRightSame(state, place_shift), bucket_mask);
      V32 index = bucket;
      if constexpr (Contexts) {
        const V32 table = hn::PromoteTo(d, hn::LoadU(d8, contexts + i * kVector));
        index = hn::Add(index, hn::ShiftLeftSame(table, table_shift));
      }
      const Entries entry = lookup(index);
      const auto is_own = hn::RebindMask(
          d, hn::Lt(hn::BitCast(di, place), hn::BitCast(di, hn::And(entry.own, divider_mask))));
      const V32 word = hn::IfThenElse(is_own, entry.own, entry.other);
      const V32 frequency = hn::ShiftRight<20>(word);
      const V32 shift = hn::Sub(hn::And(hn::ShiftRight<7>(word), rank_mask), bias);
      const V32 rank = hn::Add(place, hn::IfThenZeroElse(is_own, shift));
      const V32 token = hn::IfThenElse(is_own, bucket, hn::And(word, token_mask));
      const V32 next = hn::Add(hn::Mul(frequency, hn::ShiftRight<kFastTotalBits>(state)), rank);
      hn::StoreU(hn::DemoteTo(d8, hn::BitCast(di, token)), d8, row[r] + i % kVectors * kVector);
      const auto is_low = hn::Eq(hn::ShiftRight<16>(next), hn::Zero(d));
      const std::uint32_t mask = MaskBits(is_low);
      const V32 words = ExpandWords(in[r], mask);
      in[r] += 2 * static_cast<std::size_t>(__builtin_popcount(mask));
      states[i] = hn::IfThenElse(is_low, hn::Or(hn::ShiftLeft<16>(next), words), next);
    }
    for (std::size_t r = 0; r < Runs; ++r) row[r] += kLanes;
  }
  for (std::size_t r = 0; r < Runs; ++r) {
    runs[r].in = in[r];
    runs[r].step = step;
    for (std::size_t v = 0; v < kVectors; ++v) {
      hn::StoreU(states[r * kVectors + v], d, runs[r].states.data() + v * kVector);
    }
  }
}

template <bool Contexts, class Lookup>
void DecodeRowsWith(const LaneTables& tables, std::span<LaneRun> runs, std::size_t steps) {
  const Lookup lookup(tables.entries);
  if (runs.size() == 2) DecodeRowsOf<Contexts, 2>(tables, lookup, runs.data(), steps);
  for (LaneRun& run : runs) DecodeRowsOf<Contexts, 1>(tables, lookup, &run, steps);
}

template <bool Contexts>
void DecodeRowsBy(const LaneTables& tables, std::span<LaneRun> runs, std::size_t steps) {
#if HWY_TARGET <= HWY_AVX3
  if (tables.entries.size() <= 32) return DecodeRowsWith<Contexts, RegisterTables<1>>(tables, runs, steps);
  if (tables.entries.size() <= 64) return DecodeRowsWith<Contexts, RegisterTables<2>>(tables, runs, steps);
  if (tables.entries.size() <= 128) return DecodeRowsWith<Contexts, RegisterTables<4>>(tables, runs, steps);
#endif
  DecodeRowsWith<Contexts, MemoryTables>(tables, runs, steps);
}

void DecodeRows(const LaneTables& tables, std::span<LaneRun> runs, std::size_t steps) {
  if (tables.tables > 1) {
    DecodeRowsBy<true>(tables, runs, steps);
  } else {
    DecodeRowsBy<false>(tables, runs, steps);
  }
}
#else

constexpr bool kUsable = false;
void DecodeRows(const LaneTables&, std::span<LaneRun>, std::size_t) {}

#endif

bool Usable() {
  return kUsable;
}

}  // namespace HWY_NAMESPACE
}  // namespace pith::loader
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace pith::loader {

void decode_rows_simd(const LaneTables& tables, std::span<LaneRun> runs, std::size_t steps) {
  if (runs.front().lanes != kFastMaxLanes) return;
  PITH_SIMD(DecodeRows)(tables, runs, steps);
}

bool has_lane_simd() {
  return PITH_SIMD(Usable)();
}

}  // namespace pith::loader
#endif
// NOLINTEND(modernize-concat-nested-namespaces)
// NOLINTEND(readability-identifier-naming,misc-use-internal-linkage,misc-unused-alias-decls)
