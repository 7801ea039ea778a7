#include <algorithm>
#include <cstring>

#include "ir/axis_view.h"
#include "ir/overloaded.h"
#include "ir/weight_form.h"

namespace pith::ir {
namespace {

// Walks the elements [first, first + count) of a tensor in row-major order with their position along an axis.
class AxisWalk {
 public:
  AxisWalk(const AxisView& view, std::uint64_t first)
      : view_(view), inner_(first % view.inner), along_(first / view.inner % view.dim) {
    outer_ = first / view.inner / view.dim;
  }

  [[nodiscard]] std::uint64_t outer() const { return outer_; }
  [[nodiscard]] std::uint64_t along() const { return along_; }
  [[nodiscard]] std::uint64_t inner() const { return inner_; }
  // Elements from here on that share the position along the axis.
  [[nodiscard]] std::uint64_t run() const { return view_.inner - inner_; }

  void skip_run() {
    inner_ = 0;
    if (++along_ < view_.dim) return;
    along_ = 0;
    ++outer_;
  }

 private:
  AxisView view_;
  std::uint64_t inner_;
  std::uint64_t along_;
  std::uint64_t outer_ = 0;
};

struct Range {
  std::uint64_t first;
  std::uint64_t count;
};

template <class Code>
std::vector<float> dequantize(const Affine& form, const Shape& shape, Range range) {
  const auto codes = form.codes.as<Code>().subspan(range.first, range.count);
  const auto scales = form.scales.as<float>();
  std::vector<float> values(codes.size());
  const auto decode = [&](std::size_t i, std::size_t group) {
    const int zero = form.zero_points.empty() ? 0 : form.zero_points[group];
    values[i] = static_cast<float>(codes[i] - zero) * scales[group];
  };
  if (form.scales.shape().empty()) {
    for (std::size_t i = 0; i < codes.size(); ++i) decode(i, 0);
    return values;
  }
  const AxisView view = view_along(shape, form.axis);
  const std::uint64_t block = static_cast<std::uint64_t>(form.block);
  const std::uint64_t blocks = block == 0 ? 0 : blocks_along(form.block, view.dim);
  std::size_t i = 0;
  for (AxisWalk walk(view, range.first); i < codes.size(); walk.skip_run()) {
    const std::size_t end = std::min<std::uint64_t>(i + walk.run(), codes.size());
    if (block == 0) {
      for (const std::size_t group = walk.along(); i < end; ++i) decode(i, group);
    } else {
      std::size_t group = (walk.outer() * blocks + walk.along() / block) * view.inner + walk.inner();
      for (; i < end; ++i, ++group) decode(i, group);
    }
  }
  return values;
}

std::vector<float> look_up(const Codebook& form, const Shape& shape, Range range) {
  const auto indices = form.indices.as<std::uint8_t>().subspan(range.first, range.count);
  const auto centroids = form.centroids.as<float>();
  const auto width = static_cast<std::size_t>(form.centroids.shape()[1]);
  const AxisView view =
      form.axis ? view_along(shape, *form.axis) : AxisView{.inner = form.indices.element_count()};
  std::vector<float> values(indices.size());
  std::size_t i = 0;
  for (AxisWalk walk(view, range.first); i < indices.size(); walk.skip_run()) {
    const std::size_t end = std::min<std::uint64_t>(i + walk.run(), indices.size());
    for (const std::size_t start = walk.along() * width; i < end; ++i)
      values[i] = centroids[start + indices[i]];
  }
  return values;
}

Tensor slice(const Dense& form, Range range) {
  const std::uint64_t bits = bits_of(form.tensor.dtype());
  PITH_ASSERT(bits != 0 && range.first * bits % 8 == 0, "a range of elements that starts inside of a byte");
  const auto shape = static_cast<std::int64_t>(range.count);
  auto part = Tensor::make(form.tensor.dtype(), {shape},
                           form.tensor.buffer().slice(range.first * bits / 8, (range.count * bits + 7) / 8));
  PITH_ASSERT(part.has_value(), "a slice of a tensor with an invalid size");
  return *std::move(part);
}

Tensor scatter(const Sparse& form, DType dtype, Range range) {
  const std::size_t width = bits_of(dtype) / 8;
  std::string bytes(range.count * width, '\0');
  const auto indices = form.indices.as<std::int64_t>();
  const auto begin = std::ranges::lower_bound(indices, static_cast<std::int64_t>(range.first));
  const auto end =
      std::lower_bound(begin, indices.end(), static_cast<std::int64_t>(range.first + range.count));
  for (auto index = begin; index != end; ++index) {
    std::memcpy(bytes.data() + (static_cast<std::uint64_t>(*index) - range.first) * width,
                form.values.bytes().data() + static_cast<std::size_t>(index - indices.begin()) * width,
                width);
  }
  auto tensor = Tensor::make(dtype, {static_cast<std::int64_t>(range.count)}, Buffer::own(std::move(bytes)));
  PITH_ASSERT(tensor.has_value(), "sparse constant with an invalid size");
  return *std::move(tensor);
}

Tensor decode(const Constant& constant, Range range) {
  const Shape shape{static_cast<std::int64_t>(range.count)};
  const auto empty = [&] { return Tensor::of(shape, std::vector<float>()); };
  return std::visit(
      Overloaded{[&](const Dense& form) { return slice(form, range); },
                 [&](const Sparse& form) { return scatter(form, constant.dtype, range); },
                 [&](const Affine& form) {
                   if (range.count == 0) return empty();
                   return Tensor::of(shape, form.codes.dtype() == DType::int8
                                                ? dequantize<std::int8_t>(form, constant.shape, range)
                                                : dequantize<std::uint8_t>(form, constant.shape, range));
                 },
                 [&](const Codebook& form) {
                   return range.count == 0 ? empty()
                                           : Tensor::of(shape, look_up(form, constant.shape, range));
                 }},
      constant.form);
}

}  // namespace

Tensor to_dense(const Constant& constant) {
  if (const auto* dense = std::get_if<Dense>(&constant.form)) return dense->tensor.aligned();
  const auto count = element_count(constant.shape);
  PITH_ASSERT(count.has_value(), "a constant with an invalid shape");
  return decode(constant, {0, *count}).reshaped(constant.shape);
}

Tensor to_dense(const Constant& constant, std::uint64_t first, std::uint64_t count) {
  return decode(constant, {first, count});
}

}  // namespace pith::ir
