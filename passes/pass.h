// The contract between a pass and the pipeline that runs it.
#pragma once

#include <functional>
#include <memory>
#include <regex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ir/model.h"
#include "passes/options.h"

namespace pith::passes {

class ModelRunner;  // these: passes/services.h
class Activations;
class RateModel;

// What a pass may do to a model's outputs; tests pick their tolerance by it.
enum class Effect : std::uint8_t {
  exact,     // equal bit for bit
  rounding,  // equal up to float rounding
  lossy,     // meant to differ
};

// What a pass cannot run without.
enum class Needs : std::uint8_t { none, calibration, evaluator, training };

struct PassInfo {
  std::string_view name;     // kebab-case, the word in a pipeline
  std::string_view summary;  // one sentence
  Effect effect = Effect::exact;
  Needs needs = Needs::none;
};

// Something that a pass left as it is.
struct Skipped {
  std::string where;  // "node 'conv_3'", "tensor 'fc1.weight'"
  std::string reason;
  bool operator==(const Skipped&) const = default;
};

struct Outcome {
  std::size_t changes = 0;
  std::vector<std::pair<std::string, double>> statistics;
};

// What a pass may know beside the model, and where it says what it skipped.
class PassContext {
 public:
  unsigned threads = 1;
  std::uint64_t seed = 0;
  // Weights whose tensor or node name a pattern finds; empty patterns select all, exclude wins.
  std::vector<std::regex> include;
  std::vector<std::regex> exclude;
  // True when the user wants to stop; long passes look between tensors, on any of their threads.
  std::function<bool()> cancelled;
  // Whether something will store the encodings of constants; if not, none need be made.
  bool keeps_encodings = true;
  // Computes values for passes that fold; null: such passes leave alone what would have to be computed.
  ModelRunner* runner = nullptr;
  // What passes with Needs::calibration look at; null without calibration data.
  Activations* activations = nullptr;
  // What codes will cost; null: no entropy coder is there.
  const RateModel* rate = nullptr;

  // `nodes`: the names of all nodes that read the tensor.
  [[nodiscard]] bool selects(const std::string& tensor, const std::vector<std::string>& nodes) const;
  // ErrorCode::interrupted when the user wants to stop.
  [[nodiscard]] Result<void> keep_going() const;

  void skipped(const ir::Graph& graph, ir::NodeId node, std::string reason);
  void skipped_tensor(std::string_view tensor, std::string reason);
  // The pass could not do its work on the whole model.
  void skipped_model(std::string reason);
  [[nodiscard]] std::vector<Skipped> take_skipped() { return std::exchange(skipped_, {}); }

 private:
  std::vector<Skipped> skipped_;
};

// A pass with its options, ready to run. Concrete passes are plain classes with
//   static constexpr PassInfo kInfo;  struct Options;  explicit P(Options);
//   Result<Outcome> run(ir::Model&, PassContext&);
// and are wrapped by the registry.
class Pass {
 public:
  virtual ~Pass() = default;
  [[nodiscard]] virtual const PassInfo& info() const = 0;
  [[nodiscard]] virtual std::vector<Setting> settings() const = 0;
  virtual Result<Outcome> run(ir::Model& model, PassContext& context) = 0;
};

}  // namespace pith::passes
