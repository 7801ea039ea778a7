// Who watches a run: progress, timing, dumps and reproducers are observers, not code in the runner.
#pragma once

#include "passes/pass.h"

namespace pith::passes {

// What one pass did.
struct PassRecord {
  std::string name;
  std::string settings;  // as printed in the pipeline
  double wall_seconds = 0;
  std::uint64_t bytes_before = 0;  // of all constants as stored, see stored_bytes()
  std::uint64_t bytes_after = 0;
  std::size_t changes = 0;
  std::vector<std::pair<std::string, double>> statistics;
  std::vector<Skipped> skipped;
};

class Observer {
 public:
  virtual ~Observer() = default;
  virtual void before_pass(const Pass& /*pass*/, std::size_t /*index*/, std::size_t /*count*/) {}
  virtual void after_pass(const PassRecord& /*record*/, const ir::Model& /*model*/) {}
  // The pass broke an invariant; `before` is the model that it was given.
  virtual void pass_broke(const Pass& /*pass*/, const ir::Model& /*before*/) {}
};

// Bytes of all constants of a model: the payload where an encoding is attached, else the form's bytes.
[[nodiscard]] std::uint64_t stored_bytes(const ir::Model& model);

}  // namespace pith::passes
