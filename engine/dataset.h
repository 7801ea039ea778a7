// Data read from files, and its fit to the inputs of a model.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/content_hash.h"
#include "engine/dataset_spec.h"
#include "engine/npz.h"
#include "engine/session.h"
#include "engine/split.h"

namespace pith::engine {

// One model input and the array that feeds it.
struct Feed {
  std::string input;
  ir::DType dtype = ir::DType::undefined;  // the input's type; the array is converted batch by batch
  ir::Tensor array;                        // shaped as the input takes it, all samples on axis 0
  bool every_batch = false;                // a scalar: given whole to each batch
};

// A dataset laid out for one model, in batches whose size does not depend on the number of threads.
class BoundDataset {
 public:
  // Samples; 0 for a recorded run, whose number only the model's output tells.
  [[nodiscard]] std::uint64_t samples() const { return samples_; }
  // Arrays that disagree about axis 0 are one run, recorded whole: one batch that is never cut.
  [[nodiscard]] bool recorded_run() const { return samples_ == 0; }
  [[nodiscard]] std::uint64_t batch_size() const { return batch_size_; }
  // What the number of samples has to be a multiple of: the batch that the model fixes, or 1.
  [[nodiscard]] std::uint64_t unit() const { return unit_; }
  [[nodiscard]] std::uint64_t batches() const;
  // Samples in a batch: the batch size, fewer in the last one.
  [[nodiscard]] std::uint64_t samples_in(std::uint64_t batch) const;

  // The inputs of one batch, converted and normalised. Refuses (ErrorCode::data) values that the input's
  // type cannot hold. May be called by several threads at once.
  [[nodiscard]] Result<std::vector<NamedTensor>> batch(std::uint64_t index) const;

  // The truth, one row a sample; as the file holds it.
  [[nodiscard]] const std::optional<ir::Tensor>& labels() const { return labels_; }

 private:
  friend class Dataset;

  std::vector<Feed> feeds_;
  std::optional<ir::Tensor> labels_;
  std::vector<std::uint64_t> positions_;  // of the samples in the arrays; empty: one after the other
  Normalization normalization_;
  std::uint64_t samples_ = 0;
  std::uint64_t batch_size_ = 0;
  std::uint64_t unit_ = 1;
};

class Dataset {
 public:
  // Reads the files that the spec names. Refuses (ErrorCode::data) what is missing, unreadable or damaged.
  [[nodiscard]] static Result<Dataset> open(const DatasetSpec& spec);

  // All arrays of the file, in its order.
  [[nodiscard]] const std::vector<NamedTensor>& arrays() const { return arrays_; }

  // Of everything that bind() looks at; what the files are called does not count.
  [[nodiscard]] Digest content() const;

  // The same arrays, of which bind() takes these samples only.
  [[nodiscard]] Dataset part(const Split& split) const;

  // The same arrays, of which bind() takes the samples at these positions, in this order; positions are those
  // among the samples that it would take without this.
  [[nodiscard]] Dataset at(std::vector<std::uint64_t> positions) const;

  // Lays the arrays out for a model:
  //   - arrays feed the inputs of the same name, the others in order when the counts agree; the array of the
  //     truth (labels=, else 'labels') is left out, unless only with it the counts agree;
  //   - axis 0 counts the samples when all arrays of rank >= 1 agree on it; scalars go to each batch;
  //   - dimensions of size 1 are added or dropped, and a sample is flattened to, or made from, one dimension;
  //   - a model with a fixed batch gets batches of that size, which must divide the number of samples.
  // At most `max_samples` are kept (0: all), of a part its first ones. Refuses (ErrorCode::data) what does
  // not fit, parts that are empty, and parts of a recorded run.
  [[nodiscard]] Result<BoundDataset> bind(std::span<const TensorInfo> inputs,
                                          std::uint64_t max_samples = 0) const;

 private:
  [[nodiscard]] Result<BoundDataset> bind_arrays(std::span<const TensorInfo> inputs,
                                                 std::uint64_t max_samples) const;

  DatasetSpec spec_;
  std::vector<NamedTensor> arrays_;
  std::optional<ir::Tensor> labels_;  // from a file of their own
  std::optional<Split> split_;
  std::vector<std::uint64_t> at_;  // positions of samples; empty: all of them
};

}  // namespace pith::engine
