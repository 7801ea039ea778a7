#include "loader/fast_lanes.h"

namespace pith::loader {

void fill_slots(std::span<const AliasEntry> entries, unsigned bits, std::uint32_t* out) {
  const std::uint32_t bucket = kFastTotal >> bits;
  constexpr std::uint32_t middle = (kFastTotal - 1) << 8;
  for (const AliasEntry& entry : entries) {
    const std::uint32_t divider = (entry.own & middle) >> 8;
    const std::uint32_t shift = entry.other & middle;
    for (std::uint32_t place = 0; place < divider; ++place) *out++ = (entry.own & ~middle) | place << 8;
    for (std::uint32_t place = divider; place < bucket; ++place) {
      *out++ = (entry.other & ~middle) | ((shift + (place << 8)) & middle);
    }
  }
}

}  // namespace pith::loader
