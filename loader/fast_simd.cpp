// The hot loop of fast_lanes.h with SIMD: 8 lanes or more in vectors of 8 or 16. Must
// decode the same tokens as the scalar loop; tests compare them.
#include <cstring>
#include <type_traits>

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
constexpr std::size_t kWidest = hn::MaxLanes(hn::CappedTag<std::uint32_t, 16>());  // lanes of a vector

template <std::size_t Width>
using D32 = hn::CappedTag<std::uint32_t, Width>;
template <std::size_t Width>
using V32 = hn::Vec<D32<Width>>;

#if HWY_TARGET > HWY_AVX3
// For each mask of 8 lanes, the bytes of a 16-byte shuffle that puts the next words where the mask is set.
// Made when it is first wanted: 4 KiB that need not be in a file.
struct ExpandTable {
  alignas(16) std::uint8_t bytes[256][16];
  ExpandTable() {
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
#else
struct ExpandTable {};
#endif

const ExpandTable& Expansions() {
  static const ExpandTable kExpand;
  return kExpand;
}

// Takes the next words of `in` into the lanes that are below 2^16.
template <std::size_t Width>
HWY_INLINE V32<Width> Refill(V32<Width> state, const std::uint8_t*& in,
                             [[maybe_unused]] const ExpandTable& expand) {
  const D32<Width> d;
#if HWY_TARGET <= HWY_AVX3
  const auto is_low = hn::Lt(state, hn::Set(d, kLaneLow));
  const hn::Rebind<std::uint16_t, D32<Width>> d16;
  const auto words = hn::PromoteTo(d, hn::LoadU(d16, reinterpret_cast<const std::uint16_t*>(in)));
  in += 2 * static_cast<std::size_t>(__builtin_popcount(is_low.raw));
  const auto filled = hn::ShiftLeft<16>(state);
  if constexpr (Width == 16) {
    const V32<Width> spread{_mm512_maskz_expand_epi32(is_low.raw, words.raw)};
    return V32<Width>{_mm512_mask_or_epi32(state.raw, is_low.raw, filled.raw, spread.raw)};
  } else {
    const V32<Width> spread{_mm256_maskz_expand_epi32(is_low.raw, words.raw)};
    return V32<Width>{_mm256_mask_or_epi32(state.raw, is_low.raw, filled.raw, spread.raw)};
  }
#else
  const hn::Full128<std::uint8_t> d8;
  const hn::Full128<std::uint16_t> d16;
  const auto is_low = hn::Eq(hn::ShiftRight<16>(state), hn::Zero(d));
  const auto mask = static_cast<std::uint32_t>(_mm256_movemask_ps(_mm256_castsi256_ps(is_low.raw)));
  const auto words = hn::TableLookupBytesOr0(hn::LoadU(d8, in), hn::Load(d8, expand.bytes[mask]));
  in += 2 * static_cast<std::size_t>(__builtin_popcount(mask));
  const auto filled = hn::Or(hn::ShiftLeft<16>(state), hn::PromoteTo(d, hn::BitCast(d16, words)));
  return hn::IfThenElse(is_low, filled, state);
#endif
}

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

// What a lookup says of a token; the token is the low byte of a word.
template <std::size_t Width>
struct Found {
  V32<Width> word;
  V32<Width> rank;
};

// The same of 32 bits.
template <class D>
HWY_INLINE hn::Vec<D> LoadEach(const std::uint32_t* base, const volatile std::uint32_t* at) {
  if constexpr (hn::MaxLanes(D()) == 4) {
    auto four = _mm_cvtsi32_si128(static_cast<int>(base[at[0]]));
    four = _mm_insert_epi32(four, static_cast<int>(base[at[1]]), 1);
    four = _mm_insert_epi32(four, static_cast<int>(base[at[2]]), 2);
    return hn::Vec<D>{_mm_insert_epi32(four, static_cast<int>(base[at[3]]), 3)};
  } else {
    using Half = hn::Half<D>;
    const auto low = LoadEach<Half>(base, at);
    const auto high = LoadEach<Half>(base, at + hn::MaxLanes(Half()));
    return hn::Combine(D(), high, low);
  }
}

// Looks the slots of the only table up, which fit the first cache; those of more tables would not.
template <std::size_t Width>
class SlotLookup {
 public:
  explicit SlotLookup(const LaneTables& tables) : slots_(tables.slots.data()) {}

  HWY_INLINE Found<Width> operator()(V32<Width> state, V32<Width>) const {
    const D32<Width> d;
    const auto mask = hn::Set(d, kFastTotal - 1);
    alignas(64) std::uint32_t at[Width];
    hn::Store(hn::And(state, mask), d, at);
    const auto word = LoadEach<D32<Width>>(slots_, at);
    return {word, hn::And(hn::ShiftRight<8>(word), mask)};
  }

 private:
  const std::uint32_t* slots_;
};

// Looks buckets up in memory.
template <std::size_t Width>
class BucketLookup {
 public:
  explicit BucketLookup(const LaneTables& tables)
      : entries_(reinterpret_cast<const std::uint64_t*>(tables.entries.data())), bits_(tables.bits) {}

  HWY_INLINE Found<Width> operator()(V32<Width> state, V32<Width> table) const {
    const D32<Width> d;
    const auto mask = hn::Set(d, kFastTotal - 1);
    const auto slot = hn::And(state, mask);
    const int place_bits = static_cast<int>(kFastTotalBits - bits_);
    const auto bucket = hn::ShiftRightSame(slot, place_bits);
    const auto place = hn::And(state, hn::Set(d, (1U << place_bits) - 1));
    alignas(64) std::uint32_t at[Width];
    hn::Store(hn::Add(bucket, hn::ShiftLeftSame(table, static_cast<int>(bits_))), d, at);
    using D64 = hn::Repartition<std::uint64_t, D32<Width>>;
    const auto low = hn::BitCast(d, LoadEach<D64>(entries_, at));
    const auto high = hn::BitCast(d, LoadEach<D64>(entries_, at + Width / 2));
    const auto own = hn::ConcatEven(d, high, low);
    const auto other = hn::ConcatOdd(d, high, low);
    const auto is_other = hn::Not(hn::Lt(place, hn::And(hn::ShiftRight<8>(own), mask)));
    const auto word = hn::IfThenElse(is_other, other, own);
    const auto rank = hn::And(hn::IfThenElse(is_other, hn::Add(place, hn::ShiftRight<8>(word)), place), mask);
    return {word, rank};
  }

 private:
  const std::uint64_t* entries_;
  unsigned bits_;
};

// Finds the table numbers of a row of tokens.
template <std::size_t Lanes>
class RowContexts {
 public:
  explicit RowContexts(const LaneTables& tables) {
    for (std::size_t i = 0; i < 2; ++i) {
      const Neighbour& neighbour = tables.neighbours[i];
      back_[i] = neighbour.offset * Lanes;
      steps_[i] = hn::Set(D(), static_cast<std::int8_t>(tables.stride[i]));
      counts_[i] = neighbour.levels - 1;
      for (std::size_t k = 0; k < counts_[i]; ++k) {
        below_[i][k] = hn::Set(D(), static_cast<std::int8_t>(neighbour.thresholds[k] - 1));
      }
    }
  }

  // Puts table numbers of one row, which holds classes, into `contexts`. Two segments at once would make
  // each wait for the other.
  HWY_INLINE void operator()(const std::uint8_t* row, std::uint8_t* contexts) const {
    auto context = hn::LoadU(D(), reinterpret_cast<const std::int8_t*>(row));
    for (std::size_t i = 0; i < 2; ++i) {
      if (counts_[i] == 0) continue;
      const auto token = hn::LoadU(D(), reinterpret_cast<const std::int8_t*>(row - back_[i]));
      for (std::size_t k = 0; k < counts_[i]; ++k) {
        const auto reached = hn::Gt(token, below_[i][k]);
        context = hn::IfThenElse(reached, hn::Add(context, steps_[i]), context);
      }
    }
    hn::Store(context, D(), reinterpret_cast<std::int8_t*>(contexts));
  }

 private:
  using D = hn::CappedTag<std::int8_t, Lanes>;

  std::size_t back_[2];
  std::size_t counts_[2];
  hn::Vec<D> steps_[2];
  hn::Vec<D> below_[2][kFastMaxLevels - 1];
};

// The low bytes of vectors as one: a row must be stored as it will be loaded.
template <std::size_t Width, std::size_t Count>
HWY_INLINE auto JoinTokens(const V32<Width>* tokens) {
  if constexpr (Count == 1) {
    return hn::TruncateTo(hn::Rebind<std::uint8_t, D32<Width>>(), tokens[0]);
  } else {
    const hn::CappedTag<std::uint8_t, Width * Count> d8;
    return hn::Combine(d8, JoinTokens<Width, Count / 2>(tokens + Count / 2),
                       JoinTokens<Width, Count / 2>(tokens));
  }
}

// Rows of `Runs` segments side by side, from a common step on: a step of one segment is a long chain of
// dependent instructions, and two chains keep the processor busier than one.
template <std::size_t Lanes, bool Contexts, std::size_t Runs>
void DecodeRowsOf(const LaneTables& tables, LaneRun* runs, std::size_t steps) {
  constexpr std::size_t kWidth = Lanes < kWidest ? Lanes : kWidest;
  constexpr std::size_t kVectors = Lanes / kWidth;
  constexpr std::size_t kMargin = 2 * Lanes + 32;  // bytes that a row may look ahead
  const D32<kWidth> d;
  const hn::Rebind<std::uint8_t, D32<kWidth>> d8;
  const hn::CappedTag<std::uint8_t, Lanes> d8_row;
  const std::conditional_t<Contexts, BucketLookup<kWidth>, SlotLookup<kWidth>> lookup(tables);
  const RowContexts<Lanes> contexts_of(tables);
  const ExpandTable& expand = Expansions();

  V32<kWidth> states[Runs * kVectors];
  const std::uint8_t* in[Runs];
  const std::uint8_t* end[Runs];
  std::uint8_t* row[Runs];
  std::size_t step = runs[0].step;
  for (std::size_t r = 0; r < Runs; ++r) {
    in[r] = runs[r].in;
    end[r] = runs[r].end;
    row[r] = runs[r].rows + step * Lanes;
    for (std::size_t v = 0; v < kVectors; ++v) {
      states[r * kVectors + v] = hn::LoadU(d, runs[r].states.data() + v * kWidth);
    }
  }
  const auto has_margin = [&] {
    bool has = true;
    for (std::size_t r = 0; r < Runs; ++r) has &= static_cast<std::size_t>(end[r] - in[r]) >= kMargin;
    return has;
  };
  for (; step < steps && has_margin(); ++step) {
    alignas(64) std::uint8_t contexts[Runs][Lanes];
    if constexpr (Contexts) {
      for (std::size_t r = 0; r < Runs; ++r) contexts_of(row[r], contexts[r]);
    }
    HWY_UNROLL(2)
    for (std::size_t r = 0; r < Runs; ++r) {
      V32<kWidth> words[kVectors];
      HWY_UNROLL(4)
      for (std::size_t v = 0; v < kVectors; ++v) {
        const auto state = states[r * kVectors + v];
        auto table = hn::Zero(d);
        if constexpr (Contexts) table = hn::PromoteTo(d, hn::LoadU(d8, contexts[r] + v * kWidth));
        const Found<kWidth> found = lookup(state, table);
        words[v] = found.word;
        const auto whole = hn::Mul(hn::ShiftRight<20>(found.word), hn::ShiftRight<kFastTotalBits>(state));
        const auto next = hn::Add(whole, found.rank);
        states[r * kVectors + v] = Refill<kWidth>(next, in[r], expand);
      }
      hn::StoreU(JoinTokens<kWidth, kVectors>(words), d8_row, row[r]);
      row[r] += Lanes;
    }
  }
  for (std::size_t r = 0; r < Runs; ++r) {
    runs[r].in = in[r];
    runs[r].step = step;
    for (std::size_t v = 0; v < kVectors; ++v) {
      hn::StoreU(states[r * kVectors + v], d, runs[r].states.data() + v * kWidth);
    }
  }
}

template <std::size_t Lanes, bool Contexts>
void DecodeRowsWith(const LaneTables& tables, std::span<LaneRun> runs, std::size_t steps) {
  // Whole segments have 32 lanes, unless they take next to no bytes. With contexts in narrow vectors, one
  // segment keeps the processor busy.
  if constexpr (Lanes == kFastMaxLanes && (!Contexts || kWidest == 16)) {
    if (runs.size() == 2) DecodeRowsOf<Lanes, Contexts, 2>(tables, runs.data(), steps);
  }
  for (LaneRun& run : runs) DecodeRowsOf<Lanes, Contexts, 1>(tables, &run, steps);
}

template <std::size_t Lanes>
void DecodeRowsOf(const LaneTables& tables, std::span<LaneRun> runs, std::size_t steps) {
  if (tables.slots.empty()) {
    DecodeRowsWith<Lanes, true>(tables, runs, steps);
  } else {
    DecodeRowsWith<Lanes, false>(tables, runs, steps);
  }
}

void DecodeRows(const LaneTables& tables, std::span<LaneRun> runs, std::size_t steps) {
  if (runs.front().lanes == 32) DecodeRowsOf<32>(tables, runs, steps);
  if (runs.front().lanes == 16) DecodeRowsOf<16>(tables, runs, steps);
  if (runs.front().lanes == 8) DecodeRowsOf<8>(tables, runs, steps);
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
  PITH_SIMD(DecodeRows)(tables, runs, steps);
}

bool has_lane_simd() {
  return PITH_SIMD(Usable)();
}

}  // namespace pith::loader
#endif
// NOLINTEND(modernize-concat-nested-namespaces)
// NOLINTEND(readability-identifier-naming,misc-use-internal-linkage,misc-unused-alias-decls)
