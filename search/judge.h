// What a search asks about candidates.
#pragma once

#include "ir/model.h"
#include "search/budget.h"

namespace pith::search {

class Judge {
 public:
  virtual ~Judge() = default;

  // How far the outputs are from those of the original on the calibration data (engine::divergence);
  // smooth in what is changed, and no labels are needed.
  [[nodiscard]] virtual Result<double> divergence(const ir::Model& candidate) = 0;

  enum class Samples : std::uint8_t {
    some,      // those that tell most about models near the one that was measured on all last
    all,       // that the search may see
    held_out,  // that it may not: looked at once the search is over
  };
  struct Measured {
    double metric = 0;
    double original = 0;  // of the original on the same samples
    bool higher_is_better = true;
    bool estimated = false;  // what it is on all samples, from some of them
  };
  // The metric of the candidate as it would ship, on all samples (estimated from `some`) or on those held
  // out.
  [[nodiscard]] virtual Result<Measured> metric(const ir::Model& candidate, Samples samples) = 0;

  // Whether there are samples of Samples::held_out.
  [[nodiscard]] virtual bool holds_out() const { return false; }

  // Bytes of the file as it would ship.
  [[nodiscard]] virtual Result<std::uint64_t> bytes(const ir::Model& candidate) = 0;
  [[nodiscard]] virtual std::uint64_t original_bytes() const = 0;
};

}  // namespace pith::search
