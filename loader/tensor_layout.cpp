#include "loader/tensor_layout.h"

#include <algorithm>
#include <limits>

namespace pith::loader {
namespace {

constexpr std::uint64_t kMaxSize = std::numeric_limits<std::int64_t>::max();
constexpr std::uint64_t kLongestGap = 9;  // bytes of a LEB128 number below 2^63
constexpr std::array<std::uint8_t, 27> kDtypeBits{0,  32,  8,  8, 16, 16, 32, 64, 0, 8, 16, 64, 32, 64,
                                                  64, 128, 16, 8, 8,  8,  8,  4,  4, 4, 8,  2,  2};

std::unexpected<Status> wrong(const char* what) {
  return std::unexpected(damaged(what));
}

std::unexpected<Status> too_large() {
  return wrong("its sizes overflow");
}

// A product of sizes that remembers whether it overflowed.
class Size {
 public:
  explicit Size(std::uint64_t value) : value_(value) {}
  Size& operator*=(std::uint64_t factor) {
    if (value_) value_ = checked_multiply(*value_, factor);
    return *this;
  }
  Size& operator+=(std::uint64_t term) {
    if (value_) value_ = checked_add(*value_, term);
    return *this;
  }
  [[nodiscard]] std::optional<std::uint64_t> value() const { return value_; }

 private:
  std::optional<std::uint64_t> value_;
};

bool has_default_parameters(const TensorHeader& header) {
  TensorHeader plain;
  plain.dtype = header.dtype;
  plain.dims = header.dims;
  plain.form = header.form;
  plain.nonzeros = header.nonzeros;
  plain.gap_bytes = header.gap_bytes;
  return header == plain && (header.form == Form::sparse || (header.nonzeros == 0 && header.gap_bytes == 0));
}

std::uint8_t element_size_of(std::uint8_t dtype) {
  return static_cast<std::uint8_t>(std::clamp(dtype_bits(dtype) / 8, 1U, 8U));
}

// Scales of an affine tensor: one, one a position of the axis, or one a block.
std::optional<std::uint64_t> scale_count(const TensorHeader& header) {
  if (header.axis == kNoAxis) return 1;
  const std::uint64_t dim = header.dims[header.axis];
  if (header.block == 0) return dim;
  const std::uint64_t blocks = dim / header.block + (dim % header.block != 0 ? 1 : 0);
  Size count(1);  // from left to right like the elements, so that a 0 comes before what would be too large
  for (std::size_t i = 0; i < header.dims.size(); ++i) count *= i == header.axis ? blocks : header.dims[i];
  return count.value();
}

std::optional<Status> check_codes(const TensorHeader& header) {
  if (header.dtype != kFloat32) return damaged("a quantized tensor that is not float32");
  if (header.bits < 1 || header.bits > 8) return damaged("its code width is not 1..8 bits");
  if (header.axis != kNoAxis && header.axis >= header.dims.size()) return damaged("its axis is out of range");
  if (header.nonzeros != 0 || header.gap_bytes != 0) return damaged("it has parameters of another form");
  return std::nullopt;
}

// At most kMaxRank dimensions, as layout_of() has checked.
CodeShape shape_of(const TensorHeader& header) {
  CodeShape shape{.rank = header.dims.size()};
  std::ranges::copy(header.dims, shape.dims.begin());
  return shape;
}

StreamLayout dense_stream(const TensorHeader& header, std::uint64_t size) {
  StreamLayout stream{.size = size, .element_size = element_size_of(header.dtype)};
  stream.packed_signed = header.dtype == kInt8;
  if (dtype_bits(header.dtype) == 8U * stream.element_size) stream.shape = shape_of(header);
  return stream;
}

Expected<TensorLayout> affine_layout(const TensorHeader& header, TensorLayout layout) {
  if (auto problem = check_codes(header)) return std::unexpected(*std::move(problem));
  if (header.entries != 0) return wrong("it has parameters of another form");
  if (header.axis == kNoAxis && header.block != 0) return wrong("it has scale blocks along no axis");
  const auto count = scale_count(header);
  if (!count) return too_large();
  Size scale_bytes(*count);
  scale_bytes *= sizeof(float);
  if (!scale_bytes.value()) return too_large();
  layout.groups = *count;
  layout.stream_count = header.has_zero_points ? 3 : 2;
  layout.streams[0] = {.size = layout.elements,
                       .packed_bits = header.bits,
                       .packed_signed = header.signed_codes,
                       .shape = shape_of(header)};
  layout.streams[1] = {.size = *scale_bytes.value(), .element_size = sizeof(float)};
  layout.streams[2] = {.size = header.has_zero_points ? *count : 0};
  return layout;
}

Expected<TensorLayout> codebook_layout(const TensorHeader& header, TensorLayout layout) {
  if (auto problem = check_codes(header)) return std::unexpected(*std::move(problem));
  if (header.signed_codes || header.has_zero_points || header.block != 0) {
    return wrong("it has parameters of another form");
  }
  if (header.entries < 1 || header.entries > std::uint64_t{1} << header.bits) {
    return wrong("its codebook does not fit its code width");
  }
  layout.groups = header.axis == kNoAxis ? 1 : header.dims[header.axis];
  Size centroid_bytes(layout.groups);
  centroid_bytes *= header.entries * sizeof(float);
  if (!centroid_bytes.value()) return too_large();
  layout.stream_count = 2;
  layout.streams[0] = {.size = layout.elements, .packed_bits = header.bits, .shape = shape_of(header)};
  layout.streams[1] = {.size = *centroid_bytes.value(), .element_size = sizeof(float)};
  return layout;
}

Expected<TensorLayout> sparse_layout(const TensorHeader& header, TensorLayout layout) {
  if (!has_default_parameters(header)) return wrong("it has parameters of another form");
  const unsigned bits = dtype_bits(header.dtype);
  if (bits % 8 != 0) return wrong("a sparse tensor of a packed type");
  if (header.nonzeros > layout.elements) return wrong("it has more values than elements");
  // No overflow: elements of at least 8 bits are fewer than 2^60.
  if (header.gap_bytes < header.nonzeros || header.gap_bytes > kLongestGap * header.nonzeros) {
    return wrong("its gaps have an impossible size");
  }
  layout.stream_count = 2;
  layout.streams[0] = {.size = header.gap_bytes};
  // Not above dense_size, which has been checked.
  layout.streams[1] = {.size = header.nonzeros * (bits / 8), .element_size = element_size_of(header.dtype)};
  return layout;
}

Expected<TensorLayout> streams_of(const TensorHeader& header, TensorLayout layout) {
  switch (header.form) {
    case Form::dense:
      if (!has_default_parameters(header)) return wrong("it has parameters of another form");
      layout.stream_count = 1;
      layout.streams[0] = dense_stream(header, layout.dense_size);
      return layout;
    case Form::affine:
      return affine_layout(header, layout);
    case Form::codebook:
      return codebook_layout(header, layout);
    case Form::sparse:
      return sparse_layout(header, layout);
  }
  return wrong("its form is unknown");
}

}  // namespace

std::optional<std::uint64_t> checked_multiply(std::uint64_t a, std::uint64_t b) {
  if (b != 0 && a > kMaxSize / b) return std::nullopt;
  return a * b;
}

std::optional<std::uint64_t> checked_add(std::uint64_t a, std::uint64_t b) {
  if (a > kMaxSize || b > kMaxSize - a) return std::nullopt;
  return a + b;
}

unsigned dtype_bits(std::uint8_t dtype) {
  return dtype < kDtypeBits.size() ? kDtypeBits[dtype] : 0;
}

Expected<TensorLayout> layout_of(const TensorHeader& header) {
  const unsigned bits = dtype_bits(header.dtype);
  if (bits == 0) return wrong("its element type cannot be stored");
  if (header.dims.size() > kMaxRank) return wrong("it has more than 8 dimensions");
  Size elements(1);
  for (const std::uint64_t dim : header.dims) {
    if (dim > kMaxSize) return too_large();
    elements *= dim;
  }
  Size dense_bits = elements;
  dense_bits *= bits;
  dense_bits += 7;
  if (!dense_bits.value()) return too_large();

  TensorLayout layout;
  layout.elements = *elements.value();
  layout.dense_size = *dense_bits.value() / 8;
  auto with_streams = streams_of(header, layout);
  if (!with_streams) return with_streams;
  Size decoded(0);
  for (const StreamLayout& stream : with_streams->streams) decoded += stream.size;
  Size positions(header.nonzeros);
  positions *= sizeof(std::int64_t);
  if (!positions.value()) return too_large();
  decoded += *positions.value();
  if (!decoded.value()) return too_large();
  with_streams->expanded_size = std::max(layout.dense_size, *decoded.value());
  return with_streams;
}

}  // namespace pith::loader
