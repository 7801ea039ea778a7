// What was measured on data.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace pith::report {

struct QualityEntry {
  std::string metric;
  std::optional<double> before;
  double after = 0;
  bool higher_is_better = true;
  double ci95_low = 0;  // of `after`
  double ci95_high = 0;
  std::uint64_t samples = 0;
  bool synthetic = false;           // they were made up
  std::optional<double> agreement;  // share of samples decided as the reference decides

  // Before minus after, positive when `after` is worse; nullopt without `before`.
  [[nodiscard]] std::optional<double> drop() const;
};

struct HoldoutEntry {       // of samples that a search did not see
  double share = 0;         // of all samples
  QualityEntry searched;    // on the samples that the search saw
  std::uint64_t looks = 0;  // plans that were judged on the samples held out
};

}  // namespace pith::report
