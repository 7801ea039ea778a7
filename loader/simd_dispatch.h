// Chooses among the versions of a function that Highway compiled, by what the processor says of itself:
// Highway's own choice lives in a library that libpith would then depend on, and what the compiler's runtime
// knows of processors takes 5 KB.
#pragma once

#include <algorithm>
#include <atomic>
#include <type_traits>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

// Below 256 bits there is nothing that the coders use. Highway reads this, so it stands before its headers.
// NOLINTNEXTLINE(readability-identifier-naming)
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SSE4 | HWY_AVX3_DL)

namespace pith::loader {

enum class SimdTarget : unsigned char { none, avx2, avx3 };

// Nothing better than this is used. Only tests change it.
inline std::atomic<SimdTarget> simd_limit{SimdTarget::avx3};

#if defined(__x86_64__)
// What the processor has and the system keeps for a thread that waits. Intel's "Architectures Software
// Developer's Manual", volume 1, 14.3, 14.7 and 15.2.
[[nodiscard]] inline SimdTarget ask_processor() {
  unsigned a = 0;
  unsigned b = 0;
  unsigned c = 0;
  unsigned d = 0;
  constexpr unsigned kOsXsave = 1U << 27;
  constexpr unsigned kFma = 1U << 12;
  if (__get_cpuid(1, &a, &b, &c, &d) == 0 || (~c & (kOsXsave | kFma)) != 0) return SimdTarget::none;
  unsigned kept = 0;
  unsigned kept_above = 0;
  __asm__("xgetbv" : "=a"(kept), "=d"(kept_above) : "c"(0));
  constexpr unsigned kAvx2 = 1U << 3 | 1U << 5 | 1U << 8;                           // bmi, avx2, bmi2
  constexpr unsigned kAvx3 = 1U << 16 | 1U << 17 | 1U << 28 | 1U << 30 | 1U << 31;  // f, dq, cd, bw, vl
  constexpr unsigned kVectors = 0x06;                                               // registers of 256 bits
  constexpr unsigned kLongVectors = 0xE6;                                           // and of 512
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d) == 0 || (~b & kAvx2) != 0) return SimdTarget::none;
  if ((~kept & kVectors) != 0) return SimdTarget::none;
  return (~b & kAvx3) == 0 && (~kept & kLongVectors) == 0 ? SimdTarget::avx3 : SimdTarget::avx2;
}
#endif

// What the processor has, as Highway defines its targets of these names.
[[nodiscard]] inline SimdTarget processor_target() {
#if defined(__x86_64__)
  static const SimdTarget kBest = ask_processor();
  return kBest;
#else
  return SimdTarget::none;
#endif
}

[[nodiscard]] inline SimdTarget simd_target() {
  return std::min(processor_target(), simd_limit.load(std::memory_order_relaxed));
}

// The best of these that there is and that the processor runs.
template <class Function>
[[nodiscard]] Function choose_simd(std::type_identity_t<Function> avx3, std::type_identity_t<Function> avx2,
                                   Function baseline) {
  if (avx3 != nullptr && simd_target() == SimdTarget::avx3) return avx3;
  if (avx2 != nullptr && simd_target() != SimdTarget::none) return avx2;
  return baseline;
}

}  // namespace pith::loader

// Within HWY_ONCE: the version of a function to call.
#define PITH_SIMD(function) \
  choose_simd(HWY_CHOOSE_AVX3(function), HWY_CHOOSE_AVX2(function), &HWY_STATIC_DISPATCH(function))
