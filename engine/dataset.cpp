#include "engine/dataset.h"

#include <fmt/core.h>

#include <algorithm>
#include <string_view>

#include "engine/idx.h"
#include "engine/npy.h"

namespace pith::engine {
namespace {

Result<DataFormat> guess_format(const std::filesystem::path& path, const ir::Buffer& file) {
  using namespace std::string_view_literals;
  const std::string extension = path.extension().string();
  const std::string_view text = file.text();
  if (extension == ".npz" || text.starts_with("PK\x03\x04"sv)) return DataFormat::npz;
  if (extension == ".npy" || text.starts_with("\x93NUMPY"sv)) return DataFormat::npy;
  if (text.starts_with("\x1f\x8b"sv) || text.starts_with("\0\0"sv)) return DataFormat::idx;
  return fail(ErrorCode::data, "its format is not known",
              "data comes as .npz, .npy or IDX; write FORMAT:PATH to say which");
}

// Fills in the format when it is not given.
Result<std::vector<NamedTensor>> read_arrays(const std::filesystem::path& path,
                                             std::optional<DataFormat>& format, const std::string& name) {
  PITH_TRY(const ir::Buffer file, map_data_file(path));
  const auto read = [&]() -> Result<std::vector<NamedTensor>> {
    if (!format) {
      PITH_TRY(format, guess_format(path, file));
    }
    PITH_ASSERT(*format != DataFormat::synthetic, "synthetic data has no file");
    if (*format == DataFormat::npz) return read_npz(file);
    PITH_TRY(ir::Tensor array, *format == DataFormat::npy ? read_npy(file) : read_idx(file));
    std::vector<NamedTensor> arrays;
    arrays.push_back({name, std::move(array)});
    return arrays;
  };
  auto arrays = read();
  if (!arrays) return std::unexpected(std::move(arrays).error().in(path.filename().string()));
  return arrays;
}

}  // namespace

Result<Dataset> Dataset::open(const DatasetSpec& spec) {
  Dataset dataset;
  dataset.spec_ = spec;
  if (spec.is_synthetic()) return dataset;  // bind() knows the inputs that it is made for
  const std::string name = spec.input.empty() ? "input" : spec.input;
  PITH_TRY(dataset.arrays_, read_arrays(spec.path, dataset.spec_.format, name));
  if (*dataset.spec_.format != DataFormat::npz && !spec.labels.empty()) {
    std::optional<DataFormat> format;
    PITH_TRY(auto labels, read_arrays(spec.labels, format, "labels"));
    if (labels.size() != 1) {
      return fail(ErrorCode::data,
                  fmt::format("{}: labels come from a file of one array, this one holds {}",
                              std::filesystem::path(spec.labels).filename().string(), labels.size()));
    }
    dataset.labels_ = labels.front().tensor;
  }
  return dataset;
}

Digest Dataset::content() const {
  ContentHash hash;
  hash.add(spec_.format ? name_of(*spec_.format) : "").add(spec_.input);
  // For .npy and IDX the truth has a file of its own.
  hash.add(labels_ ? "" : std::string_view(spec_.labels));
  hash.add(spec_.normalization.numerator).add(spec_.normalization.denominator);
  hash.add(std::as_bytes(std::span(spec_.normalization.mean)));
  hash.add(std::as_bytes(std::span(spec_.normalization.deviation)));
  hash.add(spec_.synthetic.samples).add(spec_.synthetic.size).add(spec_.synthetic.seed);
  hash.add(static_cast<std::uint64_t>(arrays_.size()));
  for (const NamedTensor& array : arrays_) hash.add(array.name).add(array.tensor);
  if (labels_) hash.add(*labels_);
  if (split_) {
    hash.add(split_->share).add(split_->seed).add(split_->of_first);
    hash.add(static_cast<std::uint64_t>(split_->drawn));
  }
  hash.add(std::as_bytes(std::span(at_)));
  return hash.digest();
}

Dataset Dataset::part(const Split& split) const {
  Dataset dataset = *this;
  dataset.split_ = split;
  return dataset;
}

Dataset Dataset::at(std::vector<std::uint64_t> positions) const {
  PITH_ASSERT(!positions.empty() && at_.empty(), "samples of no samples, or of samples chosen before");
  Dataset dataset = *this;
  dataset.at_ = std::move(positions);
  return dataset;
}

std::uint64_t BoundDataset::batches() const {
  return recorded_run() ? 1 : (samples_ + batch_size_ - 1) / batch_size_;
}

std::uint64_t BoundDataset::samples_in(std::uint64_t batch) const {
  PITH_ASSERT(batch < batches(), "a batch beyond the last");
  return recorded_run() ? 0 : std::min(batch_size_, samples_ - batch * batch_size_);
}

Result<std::vector<NamedTensor>> BoundDataset::batch(std::uint64_t index) const {
  const std::uint64_t count = samples_in(index);
  std::vector<NamedTensor> inputs;
  for (const Feed& feed : feeds_) {
    const bool whole = feed.every_batch || recorded_run();
    const std::uint64_t first = index * batch_size_;
    const ir::Tensor part = whole ? feed.array
                            : positions_.empty()
                                ? rows(feed.array, first, count)
                                : rows_at(feed.array, std::span(positions_).subspan(first, count));
    auto tensor = converted(part, feed.dtype, feed.every_batch ? Normalization() : normalization_);
    if (!tensor) return std::unexpected(std::move(tensor).error().in(fmt::format("input '{}'", feed.input)));
    inputs.push_back({feed.input, *std::move(tensor)});
  }
  return inputs;
}

}  // namespace pith::engine
