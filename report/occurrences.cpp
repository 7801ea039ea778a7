#include "report/occurrences.h"

#include <algorithm>
#include <cmath>

namespace pith::report {

void Occurrences::add(const Occurrences& other) {
  for (std::size_t count = 0; count < kSmall; ++count) small_[count] += other.small_[count];
  large_.insert(large_.end(), other.large_.begin(), other.large_.end());
}

std::uint64_t Occurrences::distinct() const {
  std::uint64_t values = large_.size();
  for (std::size_t count = 1; count < kSmall; ++count) values += small_[count];
  return values;
}

double Occurrences::entropy() const {
  std::vector<std::uint64_t> large = large_;
  std::ranges::sort(large);
  std::uint64_t total = 0;
  for (std::size_t count = 1; count < kSmall; ++count) total += count * small_[count];
  for (const std::uint64_t count : large) total += count;
  double bits = 0;
  const auto add = [&](std::uint64_t count, std::uint64_t values) {
    const double share = static_cast<double>(count) / static_cast<double>(total);
    bits -= static_cast<double>(values) * share * std::log2(share);
  };
  for (std::size_t count = 1; count < kSmall; ++count) {
    if (small_[count] > 0) add(count, small_[count]);
  }
  for (const std::uint64_t count : large) add(count, 1);
  return std::max(bits, 0.0);  // log2(1) may come with a sign
}

}  // namespace pith::report
