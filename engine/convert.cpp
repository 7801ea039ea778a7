#include "engine/convert.h"

#include <fmt/core.h>

#include <Eigen/Core>
#include <algorithm>
#include <concepts>
#include <type_traits>
#include <utility>

#include "engine/data_file.h"

namespace pith::engine {
namespace {

// Calls `use` with a value of the C++ type behind the dtype; false for types without one.
template <class Use>
bool with_type(ir::DType dtype, Use&& use) {
  switch (dtype) {
    case ir::DType::float32:
      use(float{});
      return true;
    case ir::DType::float64:
      use(double{});
      return true;
    case ir::DType::float16:
      use(Eigen::half{});
      return true;
    case ir::DType::bfloat16:
      use(Eigen::bfloat16{});
      return true;
    case ir::DType::int8:
      use(std::int8_t{});
      return true;
    case ir::DType::int16:
      use(std::int16_t{});
      return true;
    case ir::DType::int32:
      use(std::int32_t{});
      return true;
    case ir::DType::int64:
      use(std::int64_t{});
      return true;
    case ir::DType::boolean:
    case ir::DType::uint8:
      use(std::uint8_t{});
      return true;
    case ir::DType::uint16:
      use(std::uint16_t{});
      return true;
    case ir::DType::uint32:
      use(std::uint32_t{});
      return true;
    case ir::DType::uint64:
      use(std::uint64_t{});
      return true;
    default:
      return false;
  }
}

bool is_integer(ir::DType dtype) {
  bool integer = false;
  with_type(dtype, [&](auto zero) { integer = std::integral<decltype(zero)>; });
  return integer && dtype != ir::DType::boolean;
}

template <class T>
std::span<const T> elements(const ir::Tensor& tensor) {
  return {reinterpret_cast<const T*>(tensor.bytes().data()), tensor.bytes().size() / sizeof(T)};
}

// Positions along axis 1, and elements from one to the next.
struct Channels {
  std::size_t count = 1;
  std::size_t inner = 1;
};

Channels channels_of(const ir::Shape& shape) {
  Channels channels;
  if (shape.size() > 1) channels.count = static_cast<std::size_t>(shape[1]);
  for (std::size_t axis = 2; axis < shape.size(); ++axis)
    channels.inner *= static_cast<std::size_t>(shape[axis]);
  return channels;
}

double at_channel(const std::vector<double>& values, std::size_t channel, double otherwise) {
  return values.empty() ? otherwise : values[values.size() == 1 ? 0 : channel];
}

template <class From, class To>
std::vector<To> to_float(std::span<const From> values, const Normalization& n, const Channels& channels) {
  std::vector<To> result(values.size());
  for (std::size_t start = 0, channel = 0; start < values.size(); start += channels.inner) {
    const double mean = at_channel(n.mean, channel, 0);
    const double deviation = at_channel(n.deviation, channel, 1);
    for (std::size_t i = start; i < start + channels.inner; ++i) {
      const double value = static_cast<double>(values[i]) * n.numerator / n.denominator;
      result[i] = static_cast<To>((value - mean) / deviation);
    }
    channel = channel + 1 == channels.count ? 0 : channel + 1;
  }
  return result;
}

template <class From, class To>
Result<std::vector<To>> to_integer(std::span<const From> values) {
  std::vector<To> result;
  result.reserve(values.size());
  for (const From value : values) {
    if (!std::in_range<To>(value)) {
      return fail(ErrorCode::data, fmt::format("the value {} does not fit the input's type", value));
    }
    result.push_back(static_cast<To>(value));
  }
  return result;
}

Result<void> check_channels(const std::vector<double>& values, std::string_view what,
                            const ir::Shape& shape) {
  if (values.size() <= 1 || (shape.size() > 1 && static_cast<std::size_t>(shape[1]) == values.size()))
    return {};
  return fail(ErrorCode::data,
              fmt::format("{} {} values are given for an input of shape {}, which has {} channels",
                          values.size(), what, ir::to_string(shape), shape.size() > 1 ? shape[1] : 1));
}

template <class From, class To>
Result<ir::Buffer> convert_elements(const ir::Tensor& tensor, const Normalization& normalization) {
  constexpr bool kIntegers = std::integral<From> && std::integral<To>;
  if constexpr (kIntegers) {
    PITH_TRY(auto values, to_integer<From, To>(elements<From>(tensor)));
    return ir::Buffer::own(std::move(values));
  } else if constexpr (std::integral<To>) {
    return fail(ErrorCode::data, "floating-point values cannot feed an integer input");
  } else {
    return ir::Buffer::own(
        to_float<From, To>(elements<From>(tensor), normalization, channels_of(tensor.shape())));
  }
}

}  // namespace

bool Normalization::is_identity() const {
  return numerator == denominator && mean.empty() && deviation.empty();
}

bool convertible(ir::DType from, ir::DType to) {
  const bool exact = is_integer(from) || from == ir::DType::boolean;
  return from == to || (ir::is_float(to) && (ir::is_float(from) || exact)) || (is_integer(to) && exact);
}

Result<ir::Tensor> converted(const ir::Tensor& tensor, ir::DType to, const Normalization& normalization) {
  if (!convertible(tensor.dtype(), to)) {
    return fail(ErrorCode::data, fmt::format("{} values cannot feed an input of type {}",
                                             ir::name_of(tensor.dtype()), ir::name_of(to)));
  }
  if (tensor.dtype() == to && (normalization.is_identity() || !ir::is_float(to))) return tensor;
  if (ir::is_float(to)) {
    PITH_CHECK_OK(check_channels(normalization.mean, "mean", tensor.shape()));
    PITH_CHECK_OK(check_channels(normalization.deviation, "std", tensor.shape()));
  }
  Result<ir::Buffer> bytes = fail(ErrorCode::data, "the type is not a number");
  with_type(tensor.dtype(), [&](auto from) {
    with_type(to, [&](auto target) {
      bytes = convert_elements<decltype(from), decltype(target)>(tensor, normalization);
    });
  });
  if (!bytes) return std::unexpected(std::move(bytes).error());
  return make_array(to, tensor.shape(), *std::move(bytes));
}

ir::Tensor rows(const ir::Tensor& tensor, std::uint64_t first, std::uint64_t count) {
  PITH_ASSERT(!tensor.shape().empty(), "rows of a scalar");
  const auto all = static_cast<std::uint64_t>(tensor.shape()[0]);
  PITH_ASSERT(first <= all && count <= all - first, "rows beyond the end of an array");
  const std::uint64_t width = all == 0 ? 0 : tensor.buffer().size() / all;
  ir::Shape shape = tensor.shape();
  shape[0] = static_cast<std::int64_t>(count);
  auto part =
      make_array(tensor.dtype(), std::move(shape), tensor.buffer().slice(first * width, count * width));
  PITH_ASSERT(part.has_value(), "rows of an array whose elements are not whole bytes");
  return *std::move(part);
}

bool load_doubles(const ir::Tensor& tensor, std::uint64_t first, std::span<double> values) {
  return with_type(tensor.dtype(), [&](auto zero) {
    const auto span = elements<decltype(zero)>(tensor);
    PITH_ASSERT(first <= span.size() && values.size() <= span.size() - first,
                "elements beyond the end of an array");
    std::ranges::transform(span.subspan(first, values.size()), values.begin(),
                           [](auto value) { return static_cast<double>(value); });
  });
}

Result<std::vector<double>> to_doubles(const ir::Tensor& tensor) {
  // The bytes bound the count; a type that is refused has not been given memory.
  std::vector<double> values(ir::bits_of(tensor.dtype()) < 8 ? 0 : tensor.element_count());
  if (!load_doubles(tensor, 0, values)) {
    return fail(ErrorCode::data,
                fmt::format("values of type {} are no numbers", ir::name_of(tensor.dtype())));
  }
  return values;
}

}  // namespace pith::engine
