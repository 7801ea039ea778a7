// Sets the weights that matter least to zero.
//
//   before   a float32 weight W, n values
//   after    W with floor(sparsity * n) values exactly +0.0, stored dense
//   formula  the lowest scores of `criterion`, ranked within `scope`; of equal scores the first
//            (magnitude: |w|, Han et al. 2015, arXiv:1506.02626)
//
// Weights that are already zero count towards the sparsity, so running it twice changes nothing more.
// Declines, each with its reason: what select_weights declines; affine and codebook forms; weights with
// NaN or infinite values; with scope=channel, weights whose readers disagree on the channel.
#pragma once

#include <tuple>

#include "passes/pass.h"

namespace pith::prune {

class Prune {
 public:
  static constexpr passes::PassInfo kInfo{.name = "prune",
                                          .summary = "Sets the weights that matter least to zero.",
                                          .effect = passes::Effect::lossy};

  enum class CriterionKind : std::uint8_t { magnitude };
  enum class Scope : std::uint8_t { layer, channel, global };

  struct Options {
    double sparsity = 0.5;
    CriterionKind criterion = CriterionKind::magnitude;
    Scope scope = Scope::layer;

    static auto fields() {
      return std::tuple{
          passes::field("sparsity", &Options::sparsity, "share of the weights that are zero afterwards", 0.0,
                        1.0),
          passes::choice("criterion", &Options::criterion, "how little a weight matters",
                         {{"magnitude", CriterionKind::magnitude}}),
          passes::choice(
              "scope", &Options::scope,
              "what is ranked together: each weight tensor, each of its output channels, or all weights",
              {{"layer", Scope::layer}, {"channel", Scope::channel}, {"global", Scope::global}})};
    }
  };

  explicit Prune(Options options) : options_(options) {}
  Result<passes::Outcome> run(ir::Model& model, passes::PassContext& context) const;

 private:
  Options options_;
};

}  // namespace pith::prune
