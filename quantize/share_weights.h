// Replaces each weight by one of a few shared values (weight sharing).
//
//   before   a float32 weight W, dense or sparse
//   after    W[i] = centroids[codes[i]], a codebook of at most 2^bits values: one for the tensor, one for
//   each
//            output channel, or one for `group` output channels in a row
//   formula  k-means of the weights that are not zero, started evenly between the lowest and the highest
//            (Han et al. 2015, arXiv:1510.00149, section 3). With weighting=inputs the least of
//            sum_i h_i (W[i] - W'[i])^2, where h_i is the mean square of what W[i] is multiplied with, plus a
//            hundredth of its mean over the layer (the weighted k-means of Kim et al. 2023, arXiv:2306.07629,
//            equation 4, with the sensitivity of the layer's products in the place of that of the loss).
//            Where W has zeros, one of the 2^bits values is +0.0 and stands for exactly these. Centroids
//            rise, so codes are numbered by value.
//
// With no more than 2^bits distinct values nothing is lost. Weighting needs calibration data; without, all
// weights count alike, and this is recorded. So do those whose inputs are not followed; the statistic
// `weighted` is the number of the others. A codebook of several channels is stored
// with each of them, and takes its bytes once where what repeats is coded (entropy-code). Declines what
// convert_weights declines, and with granularity=channel or group weights whose readers disagree on the
// channel. Shared weights are left as they are, so running it twice changes nothing more.
#pragma once

#include <tuple>

#include "passes/pass.h"

namespace pith::quantize {

class ShareWeights {
 public:
  static constexpr passes::PassInfo kInfo{
      .name = "share-weights",
      .summary = "Replaces each weight by one of a few shared values, found by k-means.",
      .effect = passes::Effect::lossy};

  enum class Granularity : std::uint8_t { tensor, channel, group };
  enum class Weighting : std::uint8_t { none, inputs };

  struct Options {
    int bits = 5;
    Granularity granularity = Granularity::tensor;
    int group = 16;
    Weighting weighting = Weighting::none;

    static auto fields() {
      return std::tuple{
          passes::field("bits", &Options::bits, "bits of a code: at most 2^bits values", 1, 8),
          passes::choice("granularity", &Options::granularity, "what shares one set of values",
                         {{"tensor", Granularity::tensor},
                          {"channel", Granularity::channel},
                          {"group", Granularity::group}}),
          passes::field("group", &Options::group, "output channels of a group, with granularity=group", 1,
                        65536),
          passes::choice("weighting", &Options::weighting,
                         "what a weight counts by: nothing, or the power of its inputs on calibration data",
                         {{"none", Weighting::none}, {"inputs", Weighting::inputs}})};
    }
  };

  explicit ShareWeights(Options options) : options_(options) {}
  Result<passes::Outcome> run(ir::Model& model, passes::PassContext& context) const;

 private:
  Options options_;
};

}  // namespace pith::quantize
