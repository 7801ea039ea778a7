#include "engine/activations.h"

#include <fmt/core.h>

#include <algorithm>

#include "passes/parallel.h"

namespace pith::engine {

Result<void> OnnxActivations::visit(const ir::Model& model, std::span<const ir::ValueId> values,
                                    const Visit& visit) {
  PITH_TRY(const Taps taps, Taps::create(runtime_, model, values, data_, max_samples_));
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!taps.is_tensor(i)) {
      return fail(ErrorCode::model, fmt::format("'{}' is no tensor", model.graph().value(values[i]).name));
    }
  }
  const std::uint64_t batches = taps.data().batches();
  for (std::uint64_t first = 0; first < batches; first += threads_) {
    std::vector<std::vector<ir::Tensor>> together(std::min<std::uint64_t>(threads_, batches - first));
    PITH_CHECK_OK(passes::for_each_index(together.size(), threads_, [&](std::uint64_t i) -> Result<void> {
      PITH_TRY(together[i], taps.run(first + i));
      return {};
    }));
    for (const std::vector<ir::Tensor>& batch : together) PITH_CHECK_OK(visit(batch));
  }
  return {};
}

}  // namespace pith::engine
