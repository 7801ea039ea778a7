// Rounds weights to an even grid of 2..8 bits.
//
//   before   a float32 weight W, dense or sparse
//   after    W[i] = float(codes[i] - zero point) * scale, an affine form with one scale for the tensor, for
//            each output channel, or for each block of weights along the input axis (Conv 1, ConvTranspose 0,
//            Gemm and MatMul the axis that is summed over, LSTM/GRU/RNN 2, Gather the last that is not
//            its own), laid out as ONNX's blocked DequantizeLinear wants it
//   formula  symmetric: scale = max|W| / (2^(bits-1) - 1), code = round(W / scale)
//            asymmetric: scale = (max(W, 0) - min(W, 0)) / (2^bits - 1), zero point = round(-min / scale),
//            code = round(W / scale) + zero point          (Jacob et al. 2018, arXiv:1712.05877)
//
// Zeros stay exact zeros. Declines what convert_weights declines, and with granularity=channel or block
// weights whose readers disagree on the axis. Rounded weights are left as they are, so running it twice
// changes nothing more.
#pragma once

#include <tuple>

#include "passes/pass.h"

namespace pith::quantize {

class QuantizeWeights {
 public:
  static constexpr passes::PassInfo kInfo{.name = "quantize-weights",
                                          .summary = "Rounds weights to an even grid of 2 to 8 bits.",
                                          .effect = passes::Effect::lossy};

  enum class Granularity : std::uint8_t { tensor, channel, block };

  struct Options {
    int bits = 8;
    bool symmetric = true;
    Granularity granularity = Granularity::channel;
    int block = 32;

    static auto fields() {
      return std::tuple{
          passes::field("bits", &Options::bits, "bits of a code", 2, 8),
          passes::field("symmetric", &Options::symmetric,
                        "a grid around zero; false: a grid from the lowest to the highest weight"),
          passes::choice("granularity", &Options::granularity, "what has a scale of its own",
                         {{"tensor", Granularity::tensor},
                          {"channel", Granularity::channel},
                          {"block", Granularity::block}}),
          passes::field("block", &Options::block, "weights of a block, with granularity=block", 2, 65536)};
    }
  };

  explicit QuantizeWeights(Options options) : options_(options) {}
  Result<passes::Outcome> run(ir::Model& model, passes::PassContext& context) const;

 private:
  Options options_;
};

}  // namespace pith::quantize
