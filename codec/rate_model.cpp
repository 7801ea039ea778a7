#include "codec/rate_model.h"

#include <algorithm>
#include <cmath>

#include "ir/result.h"

namespace pith::codec {

std::vector<float> AdaptiveRate::bits(std::span<const std::uint64_t> counts) const {
  const auto occurs = [](std::uint64_t count) { return count > 0; };
  const auto lowest = std::ranges::find_if(counts, occurs) - counts.begin();
  PITH_ASSERT(lowest < std::ssize(counts), "codes that occur");
  auto highest = std::ssize(counts) - 1;
  while (counts[static_cast<std::size_t>(highest)] == 0) --highest;
  const auto first = std::max<std::ptrdiff_t>(lowest - 1, 0);
  const auto last = std::min(highest + 1, std::ssize(counts) - 1);
  double total = static_cast<double>(last - first + 1) / 2;
  for (const std::uint64_t count : counts) total += static_cast<double>(count);
  std::vector<float> bits(counts.size());
  for (std::ptrdiff_t i = 0; i < std::ssize(counts); ++i) {
    const auto inside = std::clamp(i, first, last);
    const double chance = (static_cast<double>(counts[static_cast<std::size_t>(inside)]) + 0.5) / total;
    bits[static_cast<std::size_t>(i)] =
        static_cast<float>(-std::log2(chance) + static_cast<double>(std::abs(i - inside)));
  }
  return bits;
}

}  // namespace pith::codec
