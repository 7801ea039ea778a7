// A pipeline: passes in order, with their options. One grammar for --pipeline,
// presets and recipe files:
//
//   pipeline = [ step { ("," | newline) step } ]
//   step     = name [ "{" [ key "=" value { blank key "=" value } ] "}" ]
//
// `#` starts a comment that ends with the line; blanks around words are free; empty steps are
// allowed (a trailing comma, blank lines); the empty text is the empty pipeline.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "passes/registry.h"

namespace pith::passes {

class Pipeline {
 public:
  Pipeline() = default;

  // Refuses bad syntax, unknown passes and bad options with ErrorCode::usage; the message has the line
  // and column (from 1) and the hint names the nearest known word.
  [[nodiscard]] static Result<Pipeline> parse(std::string_view text, const PassRegistry& registry);

  // The pipeline with every option spelled out; parse() reads it back as an equal pipeline.
  [[nodiscard]] std::string print() const;

  // What is there for passes to use.
  struct Services {
    bool calibration = false;
    bool evaluator = false;
    bool training = false;
  };
  // Refuses a pass whose needs are not met, naming the flag that would meet them.
  [[nodiscard]] Result<void> check(const Services& services) const;

  [[nodiscard]] const std::vector<std::unique_ptr<Pass>>& passes() const { return passes_; }

  // Puts another pass in the place of number `index`.
  void replace(std::size_t index, std::unique_ptr<Pass> pass) { passes_.at(index) = std::move(pass); }

 private:
  std::vector<std::unique_ptr<Pass>> passes_;
};

// "prune{sparsity=0.3 scope=global}"
[[nodiscard]] std::string print(const Pass& pass);

}  // namespace pith::passes
