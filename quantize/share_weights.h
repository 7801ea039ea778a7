// Replaces each weight by one of a few shared values (weight sharing).
//
//   before   a float32 weight W, dense or sparse
//   after    W[i] = centroids[codes[i]], a codebook of at most 2^bits values (one for each output channel
//            with granularity=channel)
//   formula  k-means of the weights that are not zero, started evenly between the lowest and the highest
//            (Han et al. 2015, arXiv:1510.00149, section 3). Where W has zeros, one of the 2^bits values
//            is +0.0 and stands for exactly these. Centroids rise, so codes are numbered by value.
//
// With no more than 2^bits distinct values nothing is lost. Declines what convert_weights declines, and with
// granularity=channel weights whose readers disagree on the channel. Shared weights are left as they are, so
// running it twice changes nothing more.
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

  enum class Granularity : std::uint8_t { tensor, channel };

  struct Options {
    int bits = 5;
    Granularity granularity = Granularity::tensor;

    static auto fields() {
      return std::tuple{passes::field("bits", &Options::bits, "bits of a code: at most 2^bits values", 1, 8),
                        passes::choice("granularity", &Options::granularity, "what shares one set of values",
                                       {{"tensor", Granularity::tensor}, {"channel", Granularity::channel}})};
    }
  };

  explicit ShareWeights(Options options) : options_(options) {}
  Result<passes::Outcome> run(ir::Model& model, passes::PassContext& context) const;

 private:
  Options options_;
};

}  // namespace pith::quantize
