#include "loader/plain_values.h"

#include <algorithm>
#include <cstring>

#include "loader/decode.h"
#include "loader/memory.h"
#include "loader/plain_bytes.h"

namespace pith::loader {
namespace {

using Bytes = std::span<const std::uint8_t>;
using MutableBytes = std::span<std::uint8_t>;

float float_at(Bytes floats, std::size_t index) {
  float value = 0;
  std::memcpy(&value, floats.data() + index * sizeof(float), sizeof value);
  return value;
}

// Tensors of codes are float32, so the codes fit into the last quarter of their values. Value i is written
// after code i has been read, and never over a code that is still to come.
MutableBytes codes_within(MutableBytes out) {
  return out.last(out.size() / sizeof(float));
}

// Calls each(first, count, outer, position) for every run of elements from `first` to before `end` with the
// same position along the axis.
template <class Each>
void for_each_position(const TensorHeader& header, std::size_t first, std::size_t end, Each&& each) {
  const auto axis = static_cast<std::size_t>(header.axis);
  const auto positions = static_cast<std::size_t>(header.dims[axis]);
  std::size_t inner = 1;
  for (std::size_t i = axis + 1; i < header.dims.size(); ++i)
    inner *= static_cast<std::size_t>(header.dims[i]);
  std::size_t outer = first / inner / positions;
  std::size_t position = first / inner % positions;
  for (std::size_t count = inner - first % inner; first < end; first += count, count = inner) {
    each(first, std::min(count, end - first), outer, position);
    if (++position != positions) continue;
    position = 0;
    ++outer;
  }
}

class AffineValues {
 public:
  AffineValues(const TensorHeader& header, Bytes scales, Bytes zero_points, MutableBytes out)
      : header_(header), scales_(scales), zero_points_(zero_points), out_(out), codes_(codes_within(out)) {}

  void write(std::size_t begin, std::size_t end) const {
    if (header_.axis == kNoAxis) return write_run(begin, end - begin, 0);
    if (header_.block == 0 && static_cast<std::size_t>(header_.axis) + 1 == header_.dims.size())
      return write_columns(begin, end);
    if (header_.block == 0) {
      for_each_position(header_, begin, end,
                        [&](std::size_t first, std::size_t count, std::size_t, std::size_t position) {
                          write_run(first, count, position);
                        });
      return;
    }
    const auto axis = static_cast<std::size_t>(header_.axis);
    const std::uint64_t positions = header_.dims[axis];
    std::size_t inner = 1;
    for (std::size_t i = axis + 1; i < header_.dims.size(); ++i)
      inner *= static_cast<std::size_t>(header_.dims[i]);
    const auto blocks =
        static_cast<std::size_t>(positions / header_.block + (positions % header_.block != 0 ? 1 : 0));
    for_each_position(header_, begin, end,
                      [&](std::size_t first, std::size_t count, std::size_t outer, std::size_t position) {
                        const auto block = static_cast<std::size_t>(position / header_.block);
                        const std::size_t scale = (outer * blocks + block) * inner + first % inner;
                        write_each(first, count, scale);
                      });
  }

 private:
  [[nodiscard]] int number(std::uint8_t code) const {
    return header_.signed_codes ? static_cast<std::int8_t>(code) : code;
  }

  void write_run(std::size_t first, std::size_t count, std::size_t scale_index) const {
    const float scale = float_at(scales_, scale_index);
    const int zero = zero_points_.empty() ? 0 : number(zero_points_[scale_index]);
    affine_values(codes_.data() + first, count, header_.signed_codes, zero, scale,
                  out_.data() + first * sizeof(float));
  }

  // Elements that have a scale each, from number `scale_index` on.
  void write_each(std::size_t first, std::size_t count, std::size_t scale_index) const {
    affine_values(codes_.data() + first, count, header_.signed_codes,
                  zero_points_.empty() ? nullptr : zero_points_.data() + scale_index,
                  scales_.data() + scale_index * sizeof(float), out_.data() + first * sizeof(float));
  }

  // Where each element has another scale than the one before.
  void write_columns(std::size_t begin, std::size_t end) const {
    const auto columns = static_cast<std::size_t>(header_.dims[static_cast<std::size_t>(header_.axis)]);
    for (std::size_t column = begin % columns; begin < end; column = 0) {
      const std::size_t count = std::min(end - begin, columns - column);
      write_each(begin, count, column);
      begin += count;
    }
  }

  const TensorHeader& header_;
  Bytes scales_;
  Bytes zero_points_;
  MutableBytes out_;
  MutableBytes codes_;
};

void write_codebook(const TensorHeader& header, Bytes centroids, MutableBytes out, std::size_t begin,
                    std::size_t end) {
  const MutableBytes indices = codes_within(out);
  const auto write_run = [&](std::size_t first, std::size_t count, std::size_t group) {
    const Bytes book = centroids.subspan(group * static_cast<std::size_t>(header.entries) * sizeof(float));
    for (std::size_t i = first; i < first + count; ++i)
      std::memcpy(out.data() + i * sizeof(float), book.data() + indices[i] * sizeof(float), sizeof(float));
  };
  if (header.axis == kNoAxis) return write_run(begin, end - begin, 0);
  for_each_position(header, begin, end,
                    [&](std::size_t first, std::size_t count, std::size_t, std::size_t position) {
                      write_run(first, count, position);
                    });
}

Status decode_coded(const TensorInfo& tensor, MutableBytes out) {
  Vector<std::uint8_t> parameters(static_cast<std::size_t>(tensor.layout.streams[1].size));
  Vector<std::uint8_t> zero_points(static_cast<std::size_t>(tensor.layout.streams[2].size));
  const AffineValues affine(tensor.header, parameters, zero_points, out);
  const auto write = [&](std::size_t begin, std::size_t end) {
    if (tensor.header.form == Form::affine) return affine.write(begin, end);
    write_codebook(tensor.header, parameters, out, begin, end);
  };
  // The first of the codes, whose values are not written over codes, right after they are checked.
  const MutableBytes codes = codes_within(out);
  const std::size_t first = end_in_place(codes.size(), sizeof(float), 0);
  const CodeUser user{.end = first, .use = write};
  if (Status status = decode_parts(tensor, {codes, parameters, zero_points}, &user); !status.ok())
    return status;
  return run_in_place(codes.size(), sizeof(float), first, [&](std::size_t begin, std::size_t end) -> Status {
    write(begin, end);
    return {};
  });
}

Status decode_sparse(const TensorInfo& tensor, MutableBytes out) {
  Vector<std::uint8_t> gaps(static_cast<std::size_t>(tensor.layout.streams[0].size));
  Vector<std::uint8_t> values(static_cast<std::size_t>(tensor.layout.streams[1].size));
  if (Status status = decode_parts(tensor, {gaps, values, {}}); !status.ok()) return status;
  Vector<std::int64_t> positions(static_cast<std::size_t>(tensor.header.nonzeros));
  if (Status status = decode_gaps(gaps, tensor.layout.elements, positions); !status.ok())
    return std::move(status).in(place_of(tensor));
  const std::size_t width = dtype_bits(tensor.header.dtype) / 8;
  std::ranges::fill(out, std::uint8_t{0});
  for (std::size_t i = 0; i < positions.size(); ++i) {
    std::memcpy(out.data() + static_cast<std::size_t>(positions[i]) * width, values.data() + i * width,
                width);
  }
  return {};
}

}  // namespace

Status decode_plain(const TensorInfo& tensor, MutableBytes out) noexcept {
  return guarded([&]() -> Status {
    switch (tensor.header.form) {
      case Form::dense:
        return decode_parts(tensor, {out, {}, {}});
      case Form::affine:
      case Form::codebook:
        return decode_coded(tensor, out);
      case Form::sparse:
        return decode_sparse(tensor, out);
    }
    return damaged("its form is unknown");
  });
}

}  // namespace pith::loader
