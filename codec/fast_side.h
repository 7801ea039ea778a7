// Writes what loader/fast_side_inl.h reads. rANS gives back what was put in last,
// so the bits are kept until the end and coded backwards.
#pragma once

#include <cstdint>
#include <ranges>
#include <vector>

#include "loader/fast_side_inl.h"

namespace pith::codec {

class SideWriter {
 public:
  bool bit(loader::BitModel& model, bool bit) {
    constexpr std::uint32_t total = 1U << loader::kSideBits;
    const std::uint32_t share = model.share();
    if (bit) {
      put(0, share, loader::kSideBits);
    } else {
      put(share, total - share, loader::kSideBits);
    }
    model.update(bit);
    return bit;
  }

  // `value` < 2^count, count <= 12.
  std::uint32_t plain(unsigned count, std::uint32_t value) {
    if (count > 0) put(value, 1, count);
    return value;
  }

  // Appends the finished stream to `out`.
  void finish(std::vector<std::uint8_t>& out) const {
    std::uint32_t state = loader::kSideLow;
    std::vector<std::uint8_t> reversed;
    for (const auto& step : std::views::reverse(steps_)) {
      const std::uint32_t limit = std::uint32_t{step.share} << (24 - step.bits);
      for (; state >= limit; state >>= 8) reversed.push_back(static_cast<std::uint8_t>(state));
      state = (state / step.share << step.bits) + state % step.share + step.start;
    }
    for (unsigned i = 0; i < 3; ++i) out.push_back(static_cast<std::uint8_t>(state >> (8 * i)));
    out.insert(out.end(), reversed.rbegin(), reversed.rend());
  }

 private:
  struct Step {
    std::uint16_t start;
    std::uint16_t share;
    std::uint8_t bits;
  };
  void put(std::uint32_t start, std::uint32_t share, unsigned bits) {
    steps_.push_back({static_cast<std::uint16_t>(start), static_cast<std::uint16_t>(share),
                      static_cast<std::uint8_t>(bits)});
  }

  std::vector<Step> steps_;
};

}  // namespace pith::codec
