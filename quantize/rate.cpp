#include "quantize/rate.h"

#include <algorithm>

namespace pith::quantize {

CodeCounts no_counts() {
  CodeCounts counts;
  for (auto& table : counts) table.assign(kCodes, 0);
  return counts;
}

CodeBits bits_of(const CodeCounts& counts, const passes::RateModel& model) {
  CodeBits bits;
  for (std::size_t table = 0; table < counts.size(); ++table) {
    const bool occurs = std::ranges::any_of(counts[table], [](std::uint64_t count) { return count > 0; });
    bits[table] = occurs ? model.bits(counts[table]) : std::vector<float>(kCodes);
  }
  return bits;
}

double total_bits(const CodeCounts& counts, const passes::RateModel& model) {
  const CodeBits bits = bits_of(counts, model);
  double total = 0;
  for (std::size_t table = 0; table < counts.size(); ++table) {
    for (std::size_t i = 0; i < kCodes; ++i)
      total += static_cast<double>(counts[table][i]) * static_cast<double>(bits[table][i]);
  }
  return total;
}

}  // namespace pith::quantize
