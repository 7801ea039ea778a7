#include "loader/small_tables.h"

namespace pith::loader::small {

alignas(64) std::array<std::int16_t, 4096> odds_at;

void fill_tables() {
  // Once, and others wait for it.
  static const bool kFilled = [] {
    std::int32_t odds = -kMaxOdds;
    for (std::size_t i = 0; i < odds_at.size(); ++i) {
      while (odds < kMaxOdds && chance_of(odds) < 16 * i + 8) ++odds;
      odds_at[i] = static_cast<std::int16_t>(odds);
    }
    return true;
  }();
  (void)kFilled;
}

}  // namespace pith::loader::small
