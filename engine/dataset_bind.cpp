#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "engine/dataset.h"
#include "engine/shape_fit.h"
#include "passes/nearest.h"

namespace pith::engine {
namespace {

using Arrays = std::vector<const NamedTensor*>;

constexpr std::uint64_t kMostSamples = 64;         // in a batch
constexpr std::uint64_t kMostElements = 1U << 16;  // of a batch, unless one sample has more

std::string list_of(const Arrays& arrays) {
  std::vector<std::string> texts;
  for (const NamedTensor* array : arrays) {
    texts.push_back(fmt::format("'{}' {} {}", array->name, ir::name_of(array->tensor.dtype()),
                                ir::to_string(array->tensor.shape())));
  }
  return texts.empty() ? "none" : fmt::format("{}", fmt::join(texts, ", "));
}

std::string list_of(std::span<const TensorInfo> inputs) {
  std::vector<std::string> texts;
  for (const TensorInfo& input : inputs) texts.push_back(fmt::format("'{}' {}", input.name, describe(input)));
  return texts.empty() ? "none" : fmt::format("{}", fmt::join(texts, ", "));
}

Result<const NamedTensor*> find_array(const std::vector<NamedTensor>& arrays, const std::string& name) {
  std::vector<std::string> known;
  for (const NamedTensor& array : arrays) {
    if (array.name == name) return &array;
    known.push_back(array.name);
  }
  return fail(ErrorCode::data,
              fmt::format("there is no array '{}'; {}", name, passes::suggestion(name, known)));
}

// The array for each input: of its name, else the next one left over. nullopt when the counts differ.
std::optional<Arrays> match(std::span<const TensorInfo> inputs, const Arrays& arrays) {
  if (inputs.size() != arrays.size()) return std::nullopt;
  const auto fed_by_name = [&](const NamedTensor* array) {
    return std::ranges::find(inputs, array->name, &TensorInfo::name) != inputs.end();
  };
  Arrays matched;
  auto next = arrays.begin();
  for (const TensorInfo& input : inputs) {
    const auto same = std::ranges::find(arrays, input.name, &NamedTensor::name);
    if (same != arrays.end()) {
      matched.push_back(*same);
      continue;
    }
    next = std::find_if_not(next, arrays.end(), fed_by_name);
    matched.push_back(*next++);
  }
  return matched;
}

Error misfit(const TensorInfo& input, const ir::Tensor& array) {
  return {ErrorCode::data,
          fmt::format("input '{}' takes {}, but its array is {} {}", input.name, describe(input),
                      ir::name_of(array.dtype()), ir::to_string(array.shape())),
          "axis 0 of an array counts the samples; the other dimensions must be the input's, in its order"};
}

bool is_scalar(const TensorInfo& input, const ir::Tensor& array) {
  return array.shape().empty() || (input.shape.empty() && array.element_count() == 1);
}

// Reshapes the whole array to the input's dimensions, for scalars and recorded runs.
Result<Feed> fit_whole(const TensorInfo& input, const ir::Tensor& array, bool every_batch) {
  const bool any_rank = input.shape.empty() && array.element_count() != 1;
  const auto shape = any_rank ? array.shape() : fit_shape(array.shape(), input.shape);
  if (!shape) return std::unexpected(misfit(input, array));
  return Feed{input.name, input.dtype, array.reshaped(*shape), every_batch};
}

// Reshapes all but axis 0, which counts the samples.
Result<Feed> fit_samples(const TensorInfo& input, const ir::Tensor& array) {
  if (input.shape.empty()) return Feed{input.name, input.dtype, array, false};
  const auto sample = fit_shape(std::span(array.shape()).subspan(1), std::span(input.shape).subspan(1));
  if (!sample) return std::unexpected(misfit(input, array));
  ir::Shape shape{array.shape()[0]};
  shape.insert(shape.end(), sample->begin(), sample->end());
  return Feed{input.name, input.dtype, array.reshaped(std::move(shape)), false};
}

// What the arrays that are no scalars say about axis 0.
struct Layout {
  std::uint64_t samples = 0;      // 0: they disagree, or there are none
  std::int64_t fixed_batch = -1;  // what the model fixes for them
};

Layout layout_of(std::span<const TensorInfo> inputs, const Arrays& arrays) {
  Layout layout;
  bool first = true;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const ir::Tensor& array = arrays[i]->tensor;
    if (is_scalar(inputs[i], array)) continue;
    const auto count = static_cast<std::uint64_t>(array.shape()[0]);
    const std::int64_t fixed = inputs[i].shape.empty() ? -1 : inputs[i].shape[0];
    const bool fixed_differs = fixed > 0 && layout.fixed_batch > 0 && fixed != layout.fixed_batch;
    if ((!first && count != layout.samples) || fixed_differs) return {};
    layout.samples = count;
    if (fixed > 0) layout.fixed_batch = fixed;
    first = false;
  }
  return layout;
}

Result<void> check_types(std::span<const TensorInfo> inputs, const Arrays& arrays,
                         const Normalization& normal) {
  bool any_float = false;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const ir::Tensor& array = arrays[i]->tensor;
    if (array.element_count() == 0)
      return fail(ErrorCode::data, fmt::format("array '{}' is empty", arrays[i]->name));
    if (!convertible(array.dtype(), inputs[i].dtype)) return std::unexpected(misfit(inputs[i], array));
    any_float = any_float || (ir::is_float(inputs[i].dtype) && !is_scalar(inputs[i], array));
  }
  if (!normal.is_identity() && !any_float) {
    return fail(ErrorCode::data,
                "scale, mean and std apply to floating-point inputs, and the model has none");
  }
  return {};
}

Result<std::uint64_t> batch_size_of(const Layout& layout, std::uint64_t samples,
                                    std::span<const Feed> feeds) {
  if (layout.fixed_batch > 0) {
    const auto fixed = static_cast<std::uint64_t>(layout.fixed_batch);
    if (samples % fixed == 0) return fixed;
    return fail(
        ErrorCode::data,
        fmt::format("the model takes batches of exactly {} samples, and {} is no multiple", fixed, samples),
        fmt::format("use --max-samples {}", samples / fixed * fixed));
  }
  std::uint64_t elements = 0;
  for (const Feed& feed : feeds) {
    if (!feed.every_batch) elements += feed.array.element_count() / layout.samples;
  }
  return std::clamp<std::uint64_t>(kMostElements / std::max<std::uint64_t>(elements, 1), 1, kMostSamples);
}

}  // namespace

Result<BoundDataset> Dataset::bind_arrays(std::span<const TensorInfo> inputs,
                                          std::uint64_t max_samples) const {
  BoundDataset bound;
  bound.labels_ = labels_;
  bound.normalization_ = spec_.normalization;

  Arrays all;
  const NamedTensor* truth = nullptr;
  if (*spec_.format == DataFormat::npz && !spec_.labels.empty()) {
    PITH_TRY(truth, find_array(arrays_, spec_.labels));
  }
  if (*spec_.format == DataFormat::npz && !spec_.input.empty()) {
    PITH_TRY(const NamedTensor* chosen, find_array(arrays_, spec_.input));
    all.push_back(chosen);
  } else {
    for (const NamedTensor& array : arrays_) all.push_back(&array);
  }
  const bool named = truth != nullptr;
  if (!named && std::ranges::find(inputs, "labels", &TensorInfo::name) == inputs.end()) {
    const auto found = std::ranges::find(arrays_, "labels", &NamedTensor::name);
    if (found != arrays_.end() && *spec_.format == DataFormat::npz) truth = &*found;
  }

  Arrays rest = all;
  std::erase(rest, truth);
  auto matched = match(inputs, rest);
  if (!matched && named) matched = match(inputs, all);
  if (!matched) {
    return fail(ErrorCode::data,
                fmt::format("the arrays do not match the model's inputs: the file has {}; the model takes {}",
                            list_of(rest), list_of(inputs)),
                "name the arrays as the inputs, or choose the one to feed with input=NAME");
  }
  PITH_CHECK_OK(check_types(inputs, *matched, spec_.normalization));
  if (truth != nullptr) bound.labels_ = truth->tensor;

  const Layout layout = layout_of(inputs, *matched);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const ir::Tensor& array = (*matched)[i]->tensor;
    const bool scalar = is_scalar(inputs[i], array);
    PITH_TRY(Feed feed, scalar || layout.samples == 0 ? fit_whole(inputs[i], array, scalar)
                                                      : fit_samples(inputs[i], array));
    bound.feeds_.push_back(std::move(feed));
  }
  if (layout.samples == 0) {
    if (!split_ && at_.empty()) return bound;
    return fail(ErrorCode::data, "one recorded run has no samples of which a part could be taken",
                "its arrays disagree on how many samples there are");
  }

  if (bound.labels_ && (bound.labels_->shape().empty() ||
                        static_cast<std::uint64_t>(bound.labels_->shape()[0]) != layout.samples)) {
    return fail(ErrorCode::data,
                fmt::format("there are {} samples, but the labels have shape {}", layout.samples,
                            ir::to_string(bound.labels_->shape())),
                "one label a sample is needed");
  }
  bound.unit_ = static_cast<std::uint64_t>(std::max<std::int64_t>(layout.fixed_batch, 1));
  if (split_) {
    PITH_TRY(bound.positions_, positions_of(*split_, layout.samples, bound.unit_));
  }
  const std::uint64_t samples = split_ ? bound.positions_.size() : layout.samples;
  bound.samples_ = max_samples == 0 ? samples : std::min(samples, max_samples);
  if (split_) bound.positions_.resize(bound.samples_);
  if (!at_.empty()) {
    std::vector<std::uint64_t> chosen = at_;
    for (std::uint64_t& position : chosen) {
      PITH_ASSERT(position < bound.samples_, "a sample beyond the last");
      if (split_) position = bound.positions_[position];
    }
    bound.positions_ = std::move(chosen);
    bound.samples_ = bound.positions_.size();
  }
  if (bound.labels_) {
    bound.labels_ = !bound.positions_.empty() ? rows_at(*bound.labels_, bound.positions_)
                                              : rows(*bound.labels_, 0, bound.samples_);
  }
  PITH_TRY(bound.batch_size_, batch_size_of(layout, bound.samples_, bound.feeds_));
  return bound;
}

Result<BoundDataset> Dataset::bind(std::span<const TensorInfo> inputs, std::uint64_t max_samples) const {
  const auto bind_them = [&]() -> Result<BoundDataset> {
    if (!spec_.is_synthetic()) return bind_arrays(inputs, max_samples);
    Dataset made = *this;
    PITH_TRY(made.arrays_, synthetic_arrays(inputs, spec_.synthetic));
    return made.bind_arrays(inputs, max_samples);
  };
  auto bound = bind_them();
  if (!bound) return std::unexpected(std::move(bound).error().in(spec_.path.filename().string()));
  return bound;
}

}  // namespace pith::engine
