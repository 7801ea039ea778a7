// entropy-code: stores codes, indices and values in as few bytes as a coder can.
#pragma once

#include "loader/format.h"
#include "passes/pass.h"

namespace pith::codec {

class EntropyCode {
 public:
  static constexpr passes::PassInfo kInfo{
      .name = "entropy-code",
      .summary = "Stores weights with short codes for frequent values; only .pith files keep the gain.",
      .effect = passes::Effect::exact};

  struct Options {
    loader::Coder coder = loader::Coder::huffman;
    static auto fields() {
      return std::tuple{passes::choice("coder", &Options::coder, "how the values are coded",
                                       {{"huffman", loader::Coder::huffman}})};
    }
  };

  explicit EntropyCode(const Options& /*options: there is one coder*/) {}

  // Does nothing when the context keeps no encodings: no output is a container. Else attaches an encoding to
  // every constant that a container keeps beside the graph and that gets smaller; others are recorded as
  // skipped. The statistics are the bytes of those constants before and after.
  Result<passes::Outcome> run(ir::Model& model, passes::PassContext& context);
};

}  // namespace pith::codec
