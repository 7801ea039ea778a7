#include "loader/small_tables.h"

namespace pith::loader::small {

alignas(64) std::array<std::uint16_t, 1536> chance_at;
alignas(64) std::array<std::int16_t, 4096> odds_at;
alignas(64) std::array<std::uint32_t, std::size_t{2} * kMaxScale16> inverse_scale_at;

void fill_tables() {
  // Once, and others wait for it.
  static const bool kFilled = [] {
    for (std::size_t i = 0; i < chance_at.size(); ++i) {
      chance_at[i] = static_cast<std::uint16_t>(chance_of(static_cast<std::int32_t>(4 * i) - 3070));
    }
    std::int32_t odds = -kMaxOdds;
    for (std::size_t i = 0; i < odds_at.size(); ++i) {
      while (odds < kMaxOdds && chance_of(odds) < 16 * i + 8) ++odds;
      odds_at[i] = static_cast<std::int16_t>(odds);
    }
    for (std::int32_t i = 0; i < 2 * kMaxScale16; ++i) {
      inverse_scale_at[static_cast<std::size_t>(i)] = power16(kMaxScale16 - i, 12);
    }
    return true;
  }();
  (void)kFilled;
}

}  // namespace pith::loader::small
