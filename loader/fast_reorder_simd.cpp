// What surrounds the hot loop of fast_lanes.h, with SIMD: changing the order of tokens and finding those that
// need a second look. Gives what the scalar code gives; tests compare them.
#include "loader/fast_lanes.h"
#include "loader/simd_dispatch.h"

// Highway compiles this file once a target, by names that it asks for.
// NOLINTBEGIN(readability-identifier-naming,misc-use-internal-linkage,misc-unused-alias-decls)
// NOLINTBEGIN(modernize-concat-nested-namespaces)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "loader/fast_reorder_simd.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace pith::loader {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// As in fast_simd.cpp, which decides whether there is anything to do for these.
#if HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128 && HWY_MAX_BYTES >= 32 && HWY_TARGET <= HWY_AVX2

using D128 = hn::Full128<std::uint8_t>;
using D256 = hn::Full256<std::uint8_t>;
using V256 = hn::Vec<D256>;

// Interleaves elements of type T of `a` and `b` within each half: the lower ones, then the upper ones.
template <class T>
HWY_INLINE void Interleave(V256& a, V256& b) {
  const hn::Repartition<T, D256> d;
  const auto first = hn::BitCast(d, a);
  const auto second = hn::BitCast(d, b);
  a = hn::BitCast(D256(), hn::InterleaveLower(d, first, second));
  b = hn::BitCast(D256(), hn::InterleaveUpper(d, first, second));
}

HWY_INLINE V256 LoadTwo(const std::uint8_t* low, const std::uint8_t* high) {
  return hn::Combine(D256(), hn::LoadU(D128(), high), hn::LoadU(D128(), low));
}

// Transposes 16 x 16 bytes in both halves. Column c comes to be in row Turned(c).
HWY_INLINE void Transpose16(V256* row) {
  for (std::size_t i = 0; i < 16; i += 2) Interleave<std::uint8_t>(row[i], row[i + 1]);
  // After each round, element e of pair (i, i + n) is the next longer piece of a column.
  for (std::size_t i = 0; i < 16; i += 4) {
    Interleave<std::uint16_t>(row[i], row[i + 2]);
    Interleave<std::uint16_t>(row[i + 1], row[i + 3]);
  }
  for (std::size_t i = 0; i < 16; i += 8) {
    for (std::size_t k = 0; k < 4; ++k) Interleave<std::uint32_t>(row[i + k], row[i + k + 4]);
  }
  for (std::size_t i = 0; i < 8; ++i) Interleave<std::uint64_t>(row[i], row[i + 8]);
}

// The bits of a row's number, reversed: each round doubled the step between the halves it kept apart.
constexpr std::size_t Turned(std::size_t i) {
  return (i >> 3 & 1U) | (i >> 1 & 2U) | (i << 1 & 4U) | (i << 3 & 8U);
}

// Calls `block(lane, step)` for blocks of 16 lanes and 32 steps that cover all steps; the last one of 16
// lanes may overlap the one before. Steps are the inner loop: the other way round, 32 places 2 KiB apart
// fight for the same cache sets.
template <class Block>
HWY_INLINE std::size_t ForBlocks(std::size_t lanes, std::size_t steps, Block block) {
  if (steps < 32) return 0;
  for (std::size_t lane = 0; lane < lanes; lane += 16) {
    for (std::size_t step = 0; step + 32 <= steps; step += 32) block(lane, step);
    if (steps % 32 != 0) block(lane, steps - 32);
  }
  return steps;
}

std::size_t RowsToWeights(const std::uint8_t* rows, std::size_t lanes, std::size_t steps,
                          std::uint8_t* weights) {
  return ForBlocks(lanes, steps, [&](std::size_t lane, std::size_t step) HWY_ATTR {
    const std::uint8_t* const in = rows + step * lanes + lane;
    V256 row[16];
    for (std::size_t i = 0; i < 16; ++i) row[i] = LoadTwo(in + i * lanes, in + (i + 16) * lanes);
    Transpose16(row);
    std::uint8_t* const out = weights + lane * steps + step;
    for (std::size_t i = 0; i < 16; ++i) hn::StoreU(row[i], D256(), out + Turned(i) * steps);
  });
}

std::size_t WeightsToRows(const std::uint8_t* weights, std::size_t lanes, std::size_t steps,
                          std::uint8_t* rows) {
  return ForBlocks(lanes, steps, [&](std::size_t lane, std::size_t step) HWY_ATTR {
    const std::uint8_t* const in = weights + lane * steps + step;
    V256 row[16];
    for (std::size_t i = 0; i < 16; ++i) row[i] = hn::LoadU(D256(), in + i * steps);
    Transpose16(row);
    std::uint8_t* const out = rows + step * lanes + lane;
    for (std::size_t i = 0; i < 16; ++i) {
      hn::StoreU(hn::LowerHalf(row[i]), D128(), out + Turned(i) * lanes);
      hn::StoreU(hn::UpperHalf(D128(), row[i]), D128(), out + (Turned(i) + 16) * lanes);
    }
  });
}

std::size_t FindFarTokens(std::span<const std::uint8_t> tokens, std::uint32_t first, std::uint32_t end,
                          std::span<std::uint64_t> masks) {
  const hn::CappedTag<std::int8_t, 64> d;
  const auto low = hn::Set(d, static_cast<std::int8_t>(static_cast<int>(first) - 1));
  const auto high = hn::Set(d, static_cast<std::int8_t>(static_cast<int>(end) - 1));
  const std::size_t whole = tokens.size() / 64;
  for (std::size_t i = 0; i < whole; ++i) {
    auto* bytes = reinterpret_cast<std::uint8_t*>(masks.data() + i);
    for (std::size_t at = 0; at < 64; at += hn::Lanes(d)) {
      const auto token = hn::LoadU(d, reinterpret_cast<const std::int8_t*>(tokens.data() + 64 * i + at));
      // near = above first - 1 and not above end - 1
      const auto near = hn::AndNot(hn::Gt(token, high), hn::Gt(token, low));
      hn::StoreMaskBits(d, hn::Not(near), bytes + at / 8);
    }
  }
  return whole;
}

#else

std::size_t RowsToWeights(const std::uint8_t*, std::size_t, std::size_t, std::uint8_t*) {
  return 0;
}
std::size_t WeightsToRows(const std::uint8_t*, std::size_t, std::size_t, std::uint8_t*) {
  return 0;
}
std::size_t FindFarTokens(std::span<const std::uint8_t>, std::uint32_t, std::uint32_t,
                          std::span<std::uint64_t>) {
  return 0;
}

#endif

}  // namespace HWY_NAMESPACE
}  // namespace pith::loader
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace pith::loader {

std::size_t rows_to_weights_simd(const std::uint8_t* rows, std::size_t lanes, std::size_t steps,
                                 std::uint8_t* weights) {
  return PITH_SIMD(RowsToWeights)(rows, lanes, steps, weights);
}

std::size_t weights_to_rows_simd(const std::uint8_t* weights, std::size_t lanes, std::size_t steps,
                                 std::uint8_t* rows) {
  return PITH_SIMD(WeightsToRows)(weights, lanes, steps, rows);
}

std::size_t find_far_tokens_simd(std::span<const std::uint8_t> tokens, std::uint32_t first, std::uint32_t end,
                                 std::span<std::uint64_t> masks) {
  return PITH_SIMD(FindFarTokens)(tokens, first, end, masks);
}

}  // namespace pith::loader
#endif
// NOLINTEND(modernize-concat-nested-namespaces)
// NOLINTEND(readability-identifier-naming,misc-use-internal-linkage,misc-unused-alias-decls)
