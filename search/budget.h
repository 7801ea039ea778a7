// What a compressed model may cost: "drop=0.5pt", "metric>=0.89", "size=5MB", "ratio=20x".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "ir/result.h"

namespace pith::search {

struct Budget {
  enum class Kind : std::uint8_t {
    drop,    // metric lost against the original, in the direction that is worse
    metric,  // the metric itself, at least this good
    size,    // bytes of the file, at most
    ratio,   // bytes of the original through bytes of the file, at least
  };
  Kind kind = Kind::drop;
  double limit = 0;
  bool relative = false;  // `drop` as a share of the original's metric ("drop=1%")
  std::string text;       // as given

  // Refuses (ErrorCode::usage) unknown keys, with the nearest, and numbers that are none or out of range.
  [[nodiscard]] static Result<Budget> parse(std::string_view text);
};

// A candidate, as far as budgets look at it.
struct Cost {
  std::uint64_t bytes = 0;
  std::uint64_t original_bytes = 0;
  double metric = 0;
  double original_metric = 0;
  bool higher_is_better = true;
};

[[nodiscard]] bool holds(const Budget& budget, const Cost& cost);

}  // namespace pith::search
