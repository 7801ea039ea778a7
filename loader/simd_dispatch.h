// Chooses among the versions of a function that Highway compiled, by what the compiler's runtime says of the
// processor: Highway's own choice lives in a library that libpith would then depend on.
#pragma once

#include <algorithm>
#include <atomic>
#include <type_traits>

// The others have nothing that the coders use. Highway reads this, so it stands before its headers.
// NOLINTNEXTLINE(readability-identifier-naming)
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SSE4 | HWY_AVX3_DL)

namespace pith::loader {

enum class SimdTarget : unsigned char { none, avx2, avx3 };

// Nothing better than this is used. Only tests change it.
inline std::atomic<SimdTarget> simd_limit{SimdTarget::avx3};

// What the processor has, as Highway defines its targets of these names.
[[nodiscard]] inline SimdTarget processor_target() {
#if defined(__x86_64__)
  static const SimdTarget kBest = [] {
    const bool avx2 = __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0 &&
                      __builtin_cpu_supports("bmi") != 0 && __builtin_cpu_supports("bmi2") != 0;
    const bool avx3 = avx2 && __builtin_cpu_supports("avx512f") != 0 &&
                      __builtin_cpu_supports("avx512vl") != 0 && __builtin_cpu_supports("avx512dq") != 0 &&
                      __builtin_cpu_supports("avx512bw") != 0 && __builtin_cpu_supports("avx512cd") != 0;
    return avx3 ? SimdTarget::avx3 : avx2 ? SimdTarget::avx2 : SimdTarget::none;
  }();
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
