// entropy-code: stores codes, indices and values in as few bytes as a coder can.
#pragma once

#include "codec/encode.h"
#include "passes/pass.h"

namespace pith::codec {

class EntropyCode {
 public:
  static constexpr passes::PassInfo kInfo{
      .name = "entropy-code",
      .summary = "Stores weights with short codes for frequent values; only .pith files keep the gain.",
      .effect = passes::Effect::exact};

  struct Options {
    CoderChoice coder = CoderChoice::automatic;
    static auto fields() {
      return std::tuple{passes::choice("coder", &Options::coder,
                                       "which coders are tried: huffman, then also fast, then also small "
                                       "(fewest bytes, ten million weights "
                                       "a second); auto is small for models of up to 524,288 weights, which "
                                       "decode in about 0.05 s, else fast",
                                       {{"auto", CoderChoice::automatic},
                                        {"huffman", CoderChoice::huffman},
                                        {"fast", CoderChoice::fast},
                                        {"small", CoderChoice::small}})};
    }
  };

  // The coders that run() takes for this model.
  [[nodiscard]] static CoderChoice choice_for(const ir::Model& model, const Options& options);

  explicit EntropyCode(const Options& options) : options_(options) {}

  // Does nothing when the context keeps no encodings: no output is a container. Else attaches an encoding to
  // every constant that a container keeps beside the graph and that gets smaller; others are recorded as
  // skipped. The statistics are the bytes of those constants before and after.
  Result<passes::Outcome> run(ir::Model& model, passes::PassContext& context) const;

 private:
  Options options_;
};

}  // namespace pith::codec
