// Rounds weights to grids whose codes are cheap to store, and makes up for the errors in the products.
//
//   before   float32 weights, dense or sparse; biases and other vectors from 32 elements on
//   after    W[i] = codes[i] * step, an affine form with one step a tensor and at most 8 bits a code; where
//   the
//            coder is `small`, codes are those of a trellis (loader/trellis.h), whose step is 0.58 times that
//            of a plain grid
//   formula  the least of  sum over layers of (n / power) * |(W - W') X|^2 + mu * bits  (Frantar et al. 2023,
//            arXiv:2210.17323, with the rate of Conzel et al. 2025, arXiv:2505.18758), where X is what
//            the layer multiplies on the calibration data, power = |W X|^2, n the number of its weights and
//            mu = lambda * 2 ln 2 * step^2 / 12. With inputs of equal power each layer's step is `step`
//            times the root mean square of its weights.
//
// Zeros stay zeros. Without calibration data all inputs count alike, and this is recorded. Declines other
// forms, NaN and infinite values, small tensors, and constants that something reads which cannot do with
// rounded values. What is rounded is left as it is, so running it twice changes nothing more.
#pragma once

#include <tuple>

#include "passes/pass.h"

namespace pith::quantize {

class RdQuantize {
 public:
  static constexpr passes::PassInfo kInfo{
      .name = "rd-quantize",
      .summary = "Rounds weights to grids that are cheap to store, and makes up for it in the products.",
      .effect = passes::Effect::lossy};

  enum class Granularity : std::uint8_t { tensor, channel };

  struct Options {
    Granularity granularity = Granularity::tensor;
    double step = 0.5;
    double lambda = 0.5;
    bool trellis = true;

    static auto fields() {
      return std::tuple{
          passes::choice("granularity", &Options::granularity, "what has a step of its own",
                         {{"tensor", Granularity::tensor}, {"channel", Granularity::channel}}),
          passes::field("step", &Options::step, "step of a layer's grid, in root mean squares of its weights",
                        0.001, 16.0),
          passes::field("lambda", &Options::lambda, "how much bits count against errors; 0: not at all", 0.0,
                        16.0),
          passes::field("trellis", &Options::trellis,
                        "whether codes are those of a trellis, where the coder stores such")};
    }
  };

  explicit RdQuantize(Options options) : options_(options) {}
  Result<passes::Outcome> run(ir::Model& model, passes::PassContext& context) const;

 private:
  Options options_;
};

}  // namespace pith::quantize
