#include "engine/synthetic.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <set>

#include "engine/convert.h"
#include "engine/data_file.h"

namespace pith::engine {
namespace {

constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 30;

// The sizes on axis 0: of the inputs that leave it open, and whether those that fix it keep theirs.
struct Batch {
  std::int64_t open = 1;
  bool one_run = false;
};

Batch batch_of(std::span<const TensorInfo> inputs, std::uint64_t samples) {
  std::set<std::int64_t> fixed;
  for (const TensorInfo& input : inputs) {
    if (!input.shape.empty() && input.shape[0] > 0) fixed.insert(input.shape[0]);
  }
  if (fixed.size() > 1) return {1, true};
  const auto size = fixed.empty() ? 1 : static_cast<std::uint64_t>(*fixed.begin());
  return {static_cast<std::int64_t>((samples + size - 1) / size * size), false};
}

// Sums of four uniform numbers, scaled to variance 1: close to normal, and the same everywhere.
ir::Tensor floats(ir::Shape shape, std::uint64_t count, std::mt19937_64& random) {
  std::vector<float> values(count);
  for (float& value : values) {
    double sum = -2;
    for (int i = 0; i < 4; ++i) sum += static_cast<double>(random() >> 11U) * 0x1p-53;
    value = static_cast<float>(sum * std::sqrt(3.0));
  }
  return ir::Tensor::of(std::move(shape), std::move(values));
}

Result<ir::Tensor> bytes(ir::DType dtype, ir::Shape shape, std::uint64_t count, unsigned most,
                         std::mt19937_64& random) {
  std::vector<std::uint8_t> values(count);
  for (std::uint8_t& value : values) value = static_cast<std::uint8_t>((random() >> 32U) & most);
  return make_array(dtype, std::move(shape), ir::Buffer::own(std::move(values)));
}

}  // namespace

Result<std::vector<NamedTensor>> synthetic_arrays(std::span<const TensorInfo> inputs,
                                                  const SyntheticSpec& spec) {
  const Batch batch = batch_of(inputs, spec.samples);
  std::mt19937_64 random(spec.seed);
  std::vector<NamedTensor> arrays;
  std::uint64_t total = 0;
  for (const TensorInfo& input : inputs) {
    ir::Shape shape = input.shape;
    for (std::size_t axis = 0; axis < shape.size(); ++axis) {
      if (axis == 0 && (!batch.one_run || shape[0] <= 0)) {
        shape[0] = batch.open;
      } else if (shape[axis] < 0) {
        shape[axis] = static_cast<std::int64_t>(spec.size);
      }
    }
    const bool is_float = ir::is_float(input.dtype);
    const auto count = ir::element_count(shape);
    const std::uint64_t width = is_float ? sizeof(float) : 1;
    if (!count || *count > kMostBytes / width - std::min(total / width, kMostBytes / width)) {
      return fail(ErrorCode::data,
                  fmt::format("synthetic data for input '{}' {} is over 1 GiB", input.name, describe(input)),
                  "ask for less with n= and size=");
    }
    total += *count * width;
    const bool is_bool = input.dtype == ir::DType::boolean;
    if (is_float) {
      arrays.push_back({input.name, floats(std::move(shape), *count, random)});
    } else if (is_bool || convertible(ir::DType::uint8, input.dtype)) {
      PITH_TRY(ir::Tensor values, bytes(is_bool ? ir::DType::boolean : ir::DType::uint8, std::move(shape),
                                        *count, input.dtype == ir::DType::uint8 ? 255 : 1, random));
      arrays.push_back({input.name, std::move(values)});
    } else {
      return fail(
          ErrorCode::data,
          fmt::format("synthetic data cannot feed input '{}', which is {}", input.name, describe(input)),
          "name a file of data");
    }
  }
  return arrays;
}

}  // namespace pith::engine
