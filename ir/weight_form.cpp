#include "ir/weight_form.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "ir/axis_view.h"
#include "ir/overloaded.h"
#include "ir/wire.h"

namespace pith::ir {
namespace {

std::unexpected<Error> wrong(std::string message) {
  return fail(ErrorCode::model, std::move(message));
}

bool axis_in_range(const Shape& shape, std::int64_t axis) {
  return axis >= 0 && axis < std::ssize(shape);
}

// The shape that the scales of an affine form must have.
Shape scales_shape(const Affine& form, const Shape& shape) {
  if (form.block == 0) return {shape[static_cast<std::size_t>(form.axis)]};
  Shape scales = shape;
  auto& dim = scales[static_cast<std::size_t>(form.axis)];
  dim = static_cast<std::int64_t>(blocks_along(form.block, static_cast<std::uint64_t>(dim)));
  return scales;
}

Result<void> check_form(const Constant& constant, const Dense& form) {
  if (form.tensor.dtype() != constant.dtype || form.tensor.shape() != constant.shape) {
    return wrong("the dense values have another type or shape than the constant");
  }
  return {};
}

Result<void> check_form(const Constant& constant, const Sparse& form) {
  PITH_TRY(const std::uint64_t count, element_count(constant.shape));
  if (form.indices.dtype() != DType::int64 || form.indices.shape().size() != 1 ||
      form.values.dtype() != constant.dtype || form.values.shape() != form.indices.shape()) {
    return wrong("sparse positions and values do not match each other");
  }
  if (constant.dtype == DType::string || bits_of(constant.dtype) % 8 != 0) {
    return wrong(fmt::format("sparse values of type {} are not supported", name_of(constant.dtype)));
  }
  std::int64_t previous = -1;
  for (const std::int64_t index : form.indices.as<std::int64_t>()) {
    if (index <= previous || static_cast<std::uint64_t>(index) >= count) {
      return wrong(fmt::format("sparse position {} is out of order or outside of the tensor", index));
    }
    previous = index;
  }
  return {};
}

Result<void> check_codes(const Constant& constant, const Affine& form) {
  const bool is_signed = form.codes.dtype() == DType::int8;
  if (!is_signed && form.codes.dtype() != DType::uint8)
    return wrong("affine codes are neither int8 nor uint8");
  if (form.codes.shape() != constant.shape) return wrong("affine codes have another shape than the constant");
  if (form.bits < 1 || form.bits > 8) return wrong(fmt::format("affine codes of {} bits", form.bits));
  const int low = is_signed ? -(1 << (form.bits - 1)) : 0;
  const int high = low + (1 << form.bits) - 1;
  const auto outside = [&](int code) { return code < low || code > high; };
  // Counted, because a loop that ends early is not vectorized; and a byte holds all codes of 8 bits.
  const auto count = [&](auto codes) { return form.bits == 8 ? 0 : std::ranges::count_if(codes, outside); };
  if (is_signed ? count(form.codes.as<std::int8_t>()) : count(form.codes.as<std::uint8_t>()))
    return wrong(fmt::format("an affine code does not fit {} bits", form.bits));
  if (std::ranges::any_of(form.zero_points, outside)) return wrong("an affine zero point is out of range");
  return {};
}

Result<void> check_form(const Constant& constant, const Affine& form) {
  if (constant.dtype != DType::float32) return wrong("an affine constant that is not float32");
  PITH_CHECK_OK(check_codes(constant, form));
  if (form.block < 0) return wrong("an affine block size is negative");
  if (form.scales.dtype() != DType::float32) return wrong("affine scales are not float32");
  const bool whole_tensor = form.scales.shape().empty() && form.block == 0;
  if (whole_tensor && form.axis != 0) return wrong("one scale for the whole tensor has no axis");
  if (!whole_tensor && (!axis_in_range(constant.shape, form.axis) ||
                        form.scales.shape() != scales_shape(form, constant.shape))) {
    return wrong(fmt::format("affine scales {} do not match shape {}", to_string(form.scales.shape()),
                             to_string(constant.shape)));
  }
  if (!form.zero_points.empty() && form.zero_points.size() != form.scales.element_count()) {
    return wrong("affine zero points and scales differ in number");
  }
  const auto bad = [](float scale) { return !std::isfinite(scale) || scale <= 0.0F; };
  if (std::ranges::any_of(form.scales.as<float>(), bad))
    return wrong("an affine scale is not finite and positive");
  return {};
}

Result<void> check_form(const Constant& constant, const Codebook& form) {
  if (constant.dtype != DType::float32) return wrong("a codebook constant that is not float32");
  if (form.indices.dtype() != DType::uint8 || form.indices.shape() != constant.shape) {
    return wrong("codebook indices have another type or shape than the constant");
  }
  const Shape& centroids = form.centroids.shape();
  if (form.centroids.dtype() != DType::float32 || centroids.size() != 2 || centroids[1] < 1 ||
      centroids[1] > 256) {
    return wrong(fmt::format("codebook centroids of shape {}", to_string(centroids)));
  }
  if (form.bits < 1 || form.bits > 8 || centroids[1] > (std::int64_t{1} << form.bits)) {
    return wrong(fmt::format("a codebook of {} values does not fit {} bits", centroids[1], form.bits));
  }
  if (form.axis && !axis_in_range(constant.shape, *form.axis))
    return wrong("a codebook axis is out of range");
  const std::int64_t groups = form.axis ? constant.shape[static_cast<std::size_t>(*form.axis)] : 1;
  if (centroids[0] != groups) return wrong("the number of codebooks does not match the constant's shape");
  if (std::ranges::any_of(form.indices.as<std::uint8_t>(),
                          [&](int index) { return index >= centroids[1]; })) {
    return wrong("a codebook index is past the end of its codebook");
  }
  return {};
}

std::uint64_t packed(std::uint64_t count, int bits) {
  return (count * static_cast<std::uint64_t>(bits) + 7) / 8;
}

}  // namespace

Constant Constant::dense(Tensor tensor) {
  Constant constant;
  constant.dtype = tensor.dtype();
  constant.shape = tensor.shape();
  constant.form = Dense{std::move(tensor)};
  return constant;
}

std::string_view form_name(const WeightForm& form) {
  return std::visit(Overloaded{[](const Dense&) -> std::string_view { return "dense"; },
                               [](const Sparse&) -> std::string_view { return "sparse"; },
                               [](const Affine&) -> std::string_view { return "affine"; },
                               [](const Codebook&) -> std::string_view { return "codebook"; }},
                    form);
}

Result<void> check(const Constant& constant) {
  auto checked = std::visit([&](const auto& form) { return check_form(constant, form); }, constant.form);
  // Codes were read; the verifier looks at those of every constant. Dense values were not.
  if (!std::holds_alternative<Dense>(constant.form)) release(constant);
  return checked;
}

std::uint64_t stored_bytes(const Constant& constant) {
  return std::visit(Overloaded{[](const Dense& form) -> std::uint64_t { return form.tensor.bytes().size(); },
                               [](const Sparse& form) -> std::uint64_t {
                                 return form.indices.bytes().size() + form.values.bytes().size();
                               },
                               [](const Affine& form) -> std::uint64_t {
                                 return packed(form.codes.element_count(), form.bits) +
                                        form.scales.bytes().size() + form.zero_points.size();
                               },
                               [](const Codebook& form) -> std::uint64_t {
                                 return packed(form.indices.element_count(), form.bits) +
                                        form.centroids.bytes().size();
                               }},
                    constant.form);
}

bool same_bits(const Constant& a, const Constant& b) {
  if (a.dtype != b.dtype || a.shape != b.shape || a.form.index() != b.form.index()) return false;
  return std::visit(
      Overloaded{[&](const Dense& x) { return x.tensor.same_bits(std::get<Dense>(b.form).tensor); },
                 [&](const Sparse& x) {
                   const auto& y = std::get<Sparse>(b.form);
                   return x.indices.same_bits(y.indices) && x.values.same_bits(y.values);
                 },
                 [&](const Affine& x) {
                   const auto& y = std::get<Affine>(b.form);
                   return x.codes.same_bits(y.codes) && x.scales.same_bits(y.scales) &&
                          x.zero_points == y.zero_points && x.axis == y.axis && x.block == y.block &&
                          x.bits == y.bits;
                 },
                 [&](const Codebook& x) {
                   const auto& y = std::get<Codebook>(b.form);
                   return x.centroids.same_bits(y.centroids) && x.indices.same_bits(y.indices) &&
                          x.axis == y.axis && x.bits == y.bits;
                 }},
      a.form);
}

std::uint64_t Encoding::size() const {
  std::uint64_t size = 0;
  for (const Stream& stream : streams) {
    size += 1 + varint_size(stream.bytes.size()) + stream.bytes.size();  // the coder, the length, the bytes
  }
  return size;
}

void release(const Constant& constant) {
  std::visit(Overloaded{[](const Dense& form) { form.tensor.buffer().release(); },
                        [](const Sparse& form) {
                          form.indices.buffer().release();
                          form.values.buffer().release();
                        },
                        [](const Affine& form) {
                          form.codes.buffer().release();
                          form.scales.buffer().release();
                        },
                        [](const Codebook& form) { form.indices.buffer().release(); }},
             constant.form);
  if (!constant.encoding) return;
  for (const Encoding::Stream& stream : constant.encoding->streams) stream.bytes.release();
}

}  // namespace pith::ir
