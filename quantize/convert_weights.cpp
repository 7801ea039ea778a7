#include "quantize/convert_weights.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "ir/rewriter.h"
#include "passes/parallel.h"

namespace pith::quantize {
namespace {

struct Converted {
  ir::Constant constant;
  double signal = 0;  // sum of the squared weights
  double noise = 0;   // sum of the squared errors
};
using Conversion = std::expected<Converted, std::string>;

const ir::Constant& constant_of(const ir::Model& model, const passes::Weight& weight) {
  return *model.graph(weight.graph).value(weight.value).constant;
}

Conversion convert(const ir::Constant& before, const passes::Weight& weight, const Encode& encode) {
  if (!std::holds_alternative<ir::Dense>(before.form) && !std::holds_alternative<ir::Sparse>(before.form))
    return std::unexpected(fmt::format("its form is {} already", form_name(before.form)));
  const ir::Tensor dense = to_dense(before);
  if (dense.element_count() == 0) return std::unexpected("it is empty");
  if (!all_finite(dense)) return std::unexpected("it has NaN or infinite values");

  Encoded form = encode(weight, dense);
  if (!form) return std::unexpected(std::move(form).error());
  Converted converted{.constant = {before.dtype, before.shape, *std::move(form), {}}};
  const std::uint64_t bytes = stored_bytes(converted.constant);
  if (bytes >= stored_bytes(before)) {
    return std::unexpected(
        fmt::format("it would not become smaller: {} bytes instead of {}", bytes, stored_bytes(before)));
  }

  // In ranges: the decoded weights are never in memory beside the original as a whole.
  constexpr std::uint64_t kRange = std::uint64_t{1} << 20;
  const auto from = dense.as<float>();
  for (std::uint64_t first = 0; first < from.size(); first += kRange) {
    const ir::Tensor after =
        to_dense(converted.constant, first, std::min<std::uint64_t>(kRange, from.size() - first));
    if (!all_finite(after)) return std::unexpected("its values are too large to be rounded to a grid");
    const auto to = after.as<float>();
    for (std::size_t i = 0; i < to.size(); ++i) {
      const double value = from[first + i];
      const double error = value - static_cast<double>(to[i]);
      converted.signal += value * value;
      converted.noise += error * error;
    }
  }
  ir::release(before);
  ir::release(converted.constant);
  return converted;
}

}  // namespace

bool all_finite(const ir::Tensor& tensor) {
  return std::ranges::all_of(tensor.as<float>(), [](float value) { return std::isfinite(value); });
}

Result<passes::Outcome> convert_weights(ir::Model& model, passes::PassContext& context,
                                        const Encode& encode) {
  const std::vector<passes::Weight> weights = passes::select_weights(model, context);
  std::vector<Conversion> conversions(weights.size(), std::unexpected(std::string()));
  const auto bytes_of = [&](std::uint64_t i) {
    return ir::element_count(constant_of(model, weights[i]).shape).value_or(0) * sizeof(float);
  };
  auto all_converted =
      passes::for_each_index(weights.size(), context.threads, bytes_of, passes::kWorkingMemory,
                             [&](std::uint64_t i) -> Result<void> {
                               PITH_CHECK_OK(context.keep_going());
                               conversions[i] = convert(constant_of(model, weights[i]), weights[i], encode);
                               return {};
                             });
  PITH_CHECK_OK(std::move(all_converted));

  passes::Outcome outcome;
  double count = 0;
  double bytes = 0;
  double signal = 0;
  double noise = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    if (!conversions[i]) {
      context.skipped_tensor(weights[i].name, std::move(conversions[i]).error());
      continue;
    }
    Converted converted = *std::move(conversions[i]);
    count += static_cast<double>(*ir::element_count(converted.constant.shape));
    bytes += static_cast<double>(stored_bytes(converted.constant));
    signal += converted.signal;
    noise += converted.noise;
    ir::Rewriter(model, weights[i].graph).set_constant(weights[i].value, std::move(converted.constant));
    ++outcome.changes;
  }
  outcome.statistics = {{"weights", count}, {"bits_per_weight", count > 0 ? 8 * bytes / count : 0}};
  if (noise > 0) outcome.statistics.emplace_back("sqnr_db", 10 * std::log10(signal / noise));
  return outcome;
}

}  // namespace pith::quantize
