// Finds how to round each layer so that budgets hold with the fewest bytes.
//
//   1. Sensitivities: each layer is rounded alone, and the divergence of the outputs through the squared
//      error of its products is its importance (quantize::RdPlan). Where a scale a channel is possible,
//      what diverges less at equal bits is taken: a bit a weight is worth a factor of 4.
//   2. One step for all: the distortion is doubled as long as the budgets hold, and the coarsest one between
//      that holds is taken. Accuracy is not monotone in the step, so the points between are tried from the
//      coarse end on.
//      Where not even the finest step a tensor holds, all layers that can have a step a channel.
//   3. Layers trade bits for divergence until all do it at one price, and step 2 is done again.
//   4. Each layer by itself, the one with most bits first, is made coarser as long as the budgets hold and
//      bytes are saved; a step that makes it worse is taken back. Then all together, by parts of an octave.
//      Each round halves the steps.
//      Then each layer, the one with most bits first, is given shared values (1 bit a code, 2, 3 or 4) where
//      the budgets hold so and bytes are saved, if that does not lose twice what its grid does: of that,
//      coarser grids were tried.
//      Steps 2 and 4 estimate the metric from some samples; each ends with all of them, and goes back to the
//      last plan that holds there (Trials::confirm).
//   5. Where samples are held out, they have the last word. While the plan does not hold there, one of half
//      the distortion takes its place, if it holds in the search, at most three times. Each look tells the
//      search something about these samples, so looks are counted.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "quantize/rd_quantizer.h"
#include "search/judge.h"

namespace pith::search {

struct LayerDecision {
  std::string name;
  double sensitivity =
      0;            // divergence of the outputs when it alone is rounded by a quarter of its weights' size
  double step = 0;  // of its grid, the mean over rows with scales of their own; 0 without a grid
  std::size_t shared_values = 0;  // how many it has in place of a grid
  double bits_per_weight = 0;
  bool channel_scales = false;
};

struct SearchOptions {
  double lambda = 0.5;
  int rounds = 2;  // of step 4; without one, step 3 is left out too
  unsigned threads = 1;
  std::function<Result<void>()> keep_going;
  std::function<void(std::string stage, std::size_t done, std::size_t total)> progress;
};

struct Found {
  ir::Model model;
  Cost cost;
  // Whether every budget holds, on the samples held out if there are such; if not, this is the finest plan
  // that was tried.
  bool holds = false;
  std::vector<LayerDecision> layers;
  std::size_t trials = 0;  // candidates that were measured
  std::size_t looks = 0;   // plans that were judged on the samples held out
};

// `base` is what the quantizer was prepared from. Refuses what the judge refuses.
[[nodiscard]] Result<Found> search_plan(const quantize::RdQuantizer& quantizer, const ir::Model& base,
                                        Judge& judge, const std::vector<Budget>& budgets,
                                        const SearchOptions& options);

}  // namespace pith::search
