// What each layer costs when it alone is rounded.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "quantize/rd_quantizer.h"
#include "search/judge.h"

namespace pith::search {

struct Sensitivity {
  quantize::LayerPlan plan;  // with the importance that follows
  double divergence = 0;     // of the outputs
  double bits = 0;           // of its weights by the rate model, at that step
  std::optional<Judge::Measured> metric;
};

// Rounds each layer of the quantizer alone, with a step of a quarter of its weights' size as it counts in the
// products, measures the outputs of each, and chooses between one step a tensor and one a channel. A layer
// that nothing can be seen of counts a millionth of the mean. With `metric` that is measured too, on all
// samples. Calls `after_each` with the number of layers
// done; what it refuses ends the measurement.
[[nodiscard]] Result<std::vector<Sensitivity>> measure_sensitivities(
    const quantize::RdQuantizer& quantizer, const ir::Model& base, Judge& judge,
    const std::function<Result<void>(std::size_t done)>& after_each, bool metric = false);

}  // namespace pith::search
