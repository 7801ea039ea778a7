// The values inside of a model while it runs on data.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/dataset.h"
#include "engine/runtime.h"
#include "engine/session.h"
#include "ir/model.h"

namespace pith::engine {

// A model whose inner values can be seen.
class Taps {
 public:
  // Prepares to run the model on at most `max_samples` (0: all) and to hand out these values of its main
  // graph: inputs, outputs and results of nodes. Refuses what Session and Dataset::bind refuse.
  [[nodiscard]] static Result<Taps> create(const Runtime& runtime, const ir::Model& model,
                                           std::span<const ir::ValueId> values, const Dataset& data,
                                           std::uint64_t max_samples = 0);

  // The same on the first `samples`, or on all where the inputs fix a batch that these do not fill.
  [[nodiscard]] static Result<Taps> create_on_few(const Runtime& runtime, const ir::Model& model,
                                                  std::span<const ir::ValueId> values, const Dataset& data,
                                                  std::uint64_t samples);

  [[nodiscard]] const BoundDataset& data() const { return data_; }
  // Whether the runtime says that the value number `index` is a tensor; others cannot be run for.
  [[nodiscard]] bool is_tensor(std::size_t index) const { return places_[index].is_tensor; }

  // The values on one batch, in the order given at creation; default tensors for those that are no tensors.
  // May be called by several threads at once.
  [[nodiscard]] Result<std::vector<ir::Tensor>> run(std::uint64_t batch) const;

 private:
  struct Place {
    std::string name;
    bool is_input = false;
    bool is_tensor = true;
  };

  Taps(Session session, BoundDataset data, std::vector<Place> places)
      : session_(std::move(session)), data_(std::move(data)), places_(std::move(places)) {}

  Session session_;
  BoundDataset data_;
  std::vector<Place> places_;
};

// Types and shapes that these values of the main graph have on the first batch: of one sample, or as many as
// the model's inputs fix. Values that are no tensors are left out. Refuses what Taps refuses.
[[nodiscard]] Result<std::unordered_map<ir::ValueId, ir::ValueType>> observe_types(
    const Runtime& runtime, const ir::Model& model, std::span<const ir::ValueId> values, const Dataset& data);

}  // namespace pith::engine
