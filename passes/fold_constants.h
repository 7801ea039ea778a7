// Computes what does not depend on any input.
#pragma once

#include "passes/pass.h"

namespace pith::passes {

class FoldConstants {
 public:
  static constexpr PassInfo kInfo{
      .name = "fold-constants",
      .summary =
          "Replaces nodes whose inputs are all constants by their value, where that takes no more room.",
      .effect = Effect::rounding,
      .needs = Needs::none};
  struct Options {
    std::int64_t max_growth = 1024;
    std::int64_t max_megabytes = 256;
    static auto fields() {
      return std::tuple{field("max_growth", &Options::max_growth,
                              "bytes that the result of a node may take without freeing as much elsewhere",
                              std::int64_t{0}, std::int64_t{1} << 30),
                        field("max_megabytes", &Options::max_megabytes,
                              "megabytes that may be computed in all, kept or not", std::int64_t{1},
                              std::int64_t{1} << 20)};
    }
  };

  FoldConstants() = default;
  explicit FoldConstants(Options options) : options_(options) {}

  // Changes: removed nodes; the statistics "stored" and "freed" are the bytes of new and of removed
  // constants. Records every node with known inputs that stays, with its reason; a missing runtime is
  // recorded once.
  Result<Outcome> run(ir::Model& model, PassContext& context);

 private:
  Options options_;
};

}  // namespace pith::passes
