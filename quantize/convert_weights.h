// What the passes of this folder have in common: every weight is given another form, if it can be.
#pragma once

#include <expected>
#include <functional>
#include <string>

#include "passes/weights.h"

namespace pith::quantize {

// Whether a float32 tensor has neither NaN nor infinite values.
[[nodiscard]] bool all_finite(const ir::Tensor& tensor);

// A weight's new form, or why it stays as it is ("it ...").
using Encoded = std::expected<ir::WeightForm, std::string>;
// Called from several threads at once; `dense` is finite and has at least one element.
using Encode = std::function<Encoded(const passes::Weight& weight, const ir::Tensor& dense)>;

// Encodes every selected weight, by context.threads threads, with a result that does not depend on their
// number. Skips, with the reason, weights that `encode` refuses, weights in affine or codebook form,
// empty ones, those with NaN or infinite values (before or after), and those that would not become
// smaller (ir::stored_bytes). Statistics, over the weights that changed: weights, bits_per_weight as
// stored, and sqnr_db = 10 log10(sum w^2 / sum (w - w')^2), left out when nothing was lost.
[[nodiscard]] Result<passes::Outcome> convert_weights(ir::Model& model, passes::PassContext& context,
                                                      const Encode& encode);

}  // namespace pith::quantize
