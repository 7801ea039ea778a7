// Candidates of a search: how they are measured, and the way back when one held on some samples only.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "quantize/rd_quantizer.h"
#include "search/judge.h"

namespace pith::search {

struct Candidate {
  quantize::RdPlan plan;
  std::vector<quantize::RoundedLayer> layers;
  Cost cost;
  bool holds = false;   // every budget, as far as it was measured
  bool on_all = false;  // it was measured on all samples
};

// The best candidate, and those that it came from. Budgets of quality are looked at on some samples while
// candidates follow each other, and confirm() has the word on all.
class Trials {
 public:
  struct Hooks {
    std::function<Result<void>()> keep_going;
    std::function<void(std::string stage, std::size_t done, std::size_t total)> progress;
  };
  Trials(const quantize::RdQuantizer& quantizer, const ir::Model& base, Judge& judge,
         const std::vector<Budget>& budgets, Hooks hooks)
      : quantizer_(quantizer), base_(base), judge_(judge), budgets_(budgets), hooks_(std::move(hooks)) {}

  [[nodiscard]] Result<void> step(const std::string& stage, std::size_t done, std::size_t total) const;
  [[nodiscard]] ir::Model model_of(const std::vector<quantize::RoundedLayer>& layers) const;
  // Whether quality bounds the plan, and not bytes alone.
  [[nodiscard]] bool look_at_quality() const;

  // Measures it as far as it takes to see whether the budgets hold on some samples, what is cheap first. From
  // `too_many` bytes on it is of no use and does not hold.
  Result<void> measure(Candidate& candidate,
                       std::uint64_t too_many = std::numeric_limits<std::uint64_t>::max());

  [[nodiscard]] const Candidate& best() const { return best_; }
  // The best from now on; there is no way back from it.
  void start(Candidate candidate);
  // The best from now on, which holds.
  void accept(Candidate candidate);
  // Measures the best on all samples. Where it does not hold there, the one before it that does takes its
  // place; where none does, the best does not hold.
  Result<void> confirm();
  // Judges the best on the samples held out.
  Result<void> judge_held_out();

  [[nodiscard]] std::size_t count() const { return count_; }

 private:
  Result<void> take_metric(Candidate& candidate, Judge::Samples samples);

  const quantize::RdQuantizer& quantizer_;
  const ir::Model& base_;
  Judge& judge_;
  const std::vector<Budget>& budgets_;
  Hooks hooks_;
  Candidate best_;
  std::vector<Candidate> before_;  // the best ones since the last that was confirmed, and that one
  std::size_t count_ = 0;
};

}  // namespace pith::search
