// How often the values of a tensor occur, without the values.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace pith::report {

// How many values occur once, twice, ...: enough for the number of different values and their entropy, small
// whatever the tensor, and a matter of whole numbers, so that the order of adding changes nothing.
class Occurrences {
 public:
  // One more value, which occurs `count` times; 0 is no value.
  void add(std::uint64_t count) {
    if (count < kSmall) {
      ++small_[count];
    } else {
      large_.push_back(count);
    }
  }
  void add(const Occurrences& other);

  [[nodiscard]] std::uint64_t distinct() const;
  // sum n/N log2(N/n) over the values, with N the sum of their counts; bits.
  [[nodiscard]] double entropy() const;

 private:
  static constexpr std::uint64_t kSmall = 1024;

  std::array<std::uint64_t, kSmall> small_{};
  std::vector<std::uint64_t> large_;
};

}  // namespace pith::report
