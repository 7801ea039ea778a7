// Named pipelines. A preset is text, so what --help shows is what runs.
#pragma once

#include <array>
#include <string_view>

#include "ir/result.h"

namespace pith::cli {

struct Preset {
  std::string_view name;
  std::string_view summary;
  std::string_view pipeline;
};

inline constexpr std::array<Preset, 2> kPresets{{
    {"lossless", "the outputs stay equal up to float rounding",
     "strip-training, strip-documentation, eliminate-identity, merge-equal-constants, "
     "eliminate-common-subexpressions, "
     "fold-constants, inline-constant-branches, fold-constants, eliminate-no-ops, merge-equal-constants, "
     "eliminate-common-subexpressions, fold-constants, eliminate-no-ops, fuse-matmul-add, fold-batch-norm, "
     "fold-scales, remove-dead-values, merge-equal-constants, merge-transposed-constants, report-interface, "
     "entropy-code"},
    {"safe", "8-bit weights, one scale a channel; needs no data (the default)",
     "eliminate-identity, remove-dead-values, fold-batch-norm, merge-equal-constants, "
     "quantize-weights{bits=8 granularity=channel}, entropy-code"},
}};
inline constexpr std::string_view kDefaultPreset = "safe";

// Refuses an unknown name, with the nearest known one.
[[nodiscard]] Result<Preset> find_preset(std::string_view name);

}  // namespace pith::cli
