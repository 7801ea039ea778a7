#include "codec/constant_coding.h"

#include <xxhash.h>

#include <algorithm>

#include "codec/octets.h"
#include "ir/overloaded.h"
#include "loader/decode.h"

namespace pith::codec {
namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr std::uint64_t kLeastStoredApart = 1024;

// A constant taken apart: what the directory says, and the streams before coding.
struct Parts {
  loader::TensorHeader header;
  loader::TensorLayout layout;
  std::vector<ir::Buffer> streams;
};

void take_apart(const ir::Dense& form, Parts& parts) {
  parts.streams = {form.tensor.buffer()};
}

void take_apart(const ir::Affine& form, Parts& parts) {
  const bool whole_tensor = form.scales.shape().empty();
  parts.header.form = loader::Form::affine;
  parts.header.signed_codes = form.codes.dtype() == ir::DType::int8;
  parts.header.has_zero_points = !form.zero_points.empty();
  parts.header.bits = static_cast<std::uint8_t>(form.bits);
  parts.header.axis = whole_tensor ? loader::kNoAxis : static_cast<std::uint8_t>(form.axis);
  parts.header.block = static_cast<std::uint64_t>(form.block);
  parts.streams = {form.codes.buffer(), form.scales.buffer()};
  Bytes zeros;
  for (const std::int32_t zero : form.zero_points) zeros.push_back(static_cast<std::uint8_t>(zero));
  if (parts.header.has_zero_points) parts.streams.push_back(ir::Buffer::own(std::move(zeros)));
}

void take_apart(const ir::Codebook& form, Parts& parts) {
  parts.header.form = loader::Form::codebook;
  parts.header.bits = static_cast<std::uint8_t>(form.bits);
  parts.header.axis = form.axis ? static_cast<std::uint8_t>(*form.axis) : loader::kNoAxis;
  parts.header.entries = static_cast<std::uint64_t>(form.centroids.shape()[1]);
  parts.streams = {form.indices.buffer(), form.centroids.buffer()};
}

void take_apart(const ir::Sparse& form, Parts& parts) {
  Bytes gaps = encode_gaps(form.indices.as<std::int64_t>());
  parts.header.form = loader::Form::sparse;
  parts.header.nonzeros = form.indices.element_count();
  parts.header.gap_bytes = gaps.size();
  parts.streams = {ir::Buffer::own(std::move(gaps)), form.values.buffer()};
}

Parts take_apart(const ir::Constant& constant) {
  Parts parts;
  parts.header.dtype = static_cast<std::uint8_t>(constant.dtype);
  for (const std::int64_t dim : constant.shape) {
    parts.header.dims.push_back(static_cast<std::uint64_t>(dim));
  }
  std::visit([&](const auto& form) { take_apart(form, parts); }, constant.form);
  const auto layout = loader::layout_of(parts.header);
  PITH_ASSERT(layout.has_value(), "a constant that a container cannot hold");
  parts.layout = *layout;
  return parts;
}

// Values that the loader has checked; Tensor::make can only refuse a size that layout_of() would have
// refused.
ir::Tensor tensor_of(ir::DType dtype, ir::Shape shape, ir::Buffer bytes) {
  auto tensor = ir::Tensor::make(dtype, std::move(shape), std::move(bytes));
  PITH_ASSERT(tensor.has_value(), "the loader decoded a tensor of the wrong size");
  return *std::move(tensor);
}

ir::Affine affine_of(const loader::TensorInfo& tensor, const ir::Shape& shape,
                     loader::DecodedTensor decoded) {
  const loader::TensorHeader& header = tensor.header;
  ir::Affine form;
  form.bits = header.bits;
  form.block = static_cast<std::int64_t>(header.block);
  ir::Shape scales;
  if (header.axis != loader::kNoAxis) {
    form.axis = header.axis;
    const auto axis = static_cast<std::size_t>(header.axis);
    if (form.block == 0) {
      scales = {shape[axis]};
    } else {
      scales = shape;
      scales[axis] = shape[axis] / form.block + (shape[axis] % form.block != 0 ? 1 : 0);
    }
  }
  for (const std::uint8_t zero : decoded.zero_points) {
    form.zero_points.push_back(header.signed_codes ? static_cast<std::int8_t>(zero) : zero);
  }
  form.scales = tensor_of(ir::DType::float32, std::move(scales), ir::Buffer::own(std::move(decoded.floats)));
  form.codes = tensor_of(header.signed_codes ? ir::DType::int8 : ir::DType::uint8, shape,
                         ir::Buffer::own(std::move(decoded.values)));
  return form;
}

ir::Codebook codebook_of(const loader::TensorInfo& tensor, const ir::Shape& shape,
                         loader::DecodedTensor decoded) {
  ir::Codebook form;
  form.bits = tensor.header.bits;
  if (tensor.header.axis != loader::kNoAxis) form.axis = tensor.header.axis;
  form.centroids = tensor_of(
      ir::DType::float32,
      {static_cast<std::int64_t>(tensor.layout.groups), static_cast<std::int64_t>(tensor.header.entries)},
      ir::Buffer::own(std::move(decoded.floats)));
  form.indices = tensor_of(ir::DType::uint8, shape, ir::Buffer::own(std::move(decoded.values)));
  return form;
}

ir::WeightForm form_of(const loader::TensorInfo& tensor, ir::DType dtype, const ir::Shape& shape,
                       loader::DecodedTensor decoded) {
  switch (tensor.header.form) {
    case loader::Form::dense:
      return ir::Dense{tensor_of(dtype, shape, ir::Buffer::own(std::move(decoded.values)))};
    case loader::Form::affine:
      return affine_of(tensor, shape, std::move(decoded));
    case loader::Form::codebook:
      return codebook_of(tensor, shape, std::move(decoded));
    case loader::Form::sparse: {
      const ir::Shape count{std::ssize(decoded.positions)};
      return ir::Sparse{tensor_of(ir::DType::int64, count, ir::Buffer::own(std::move(decoded.positions))),
                        tensor_of(dtype, count, ir::Buffer::own(std::move(decoded.values)))};
    }
  }
  throw InternalError("the loader decoded an unknown form");
}

}  // namespace

bool is_stored_apart(const ir::Constant& constant) {
  if (ir::bits_of(constant.dtype) == 0 || constant.shape.size() > loader::kMaxRank) return false;
  if (std::ranges::find(constant.shape, 0) != constant.shape.end()) return false;
  return !std::holds_alternative<ir::Dense>(constant.form) || ir::stored_bytes(constant) >= kLeastStoredApart;
}

ir::Encoding entropy_code(const ir::Constant& constant, CoderChoice choice) {
  const Parts parts = take_apart(constant);
  ir::Encoding encoding;
  for (std::size_t i = 0; i < parts.streams.size(); ++i) {
    EncodedStream stream = encode_smallest(parts.streams[i], parts.layout.streams[i], choice);
    encoding.streams.push_back(
        {static_cast<std::uint8_t>(stream.coder), ir::Buffer::own(std::move(stream.bytes))});
  }
  return encoding;
}

std::string_view coder_name(std::uint8_t coder) {
  switch (static_cast<loader::Coder>(coder)) {
    case loader::Coder::raw:
      return "raw";
    case loader::Coder::huffman:
      return "huffman";
    case loader::Coder::byteplane:
      return "byteplane";
    case loader::Coder::constant:
      return "constant";
    case loader::Coder::runs:
      return "runs";
    case loader::Coder::fast:
      return "fast";
    case loader::Coder::small:
      return "small";
    case loader::Coder::zstd:
      return "zstd";
    case loader::Coder::floatplane:
      return "floatplane";
    case loader::Coder::same:
      break;  // never that of an encoding
  }
  throw InternalError("an encoding with an unknown coder");
}

TensorToWrite tensor_to_write(std::string name, const ir::Constant& constant) {
  const Parts parts = take_apart(constant);
  TensorToWrite tensor{std::move(name), parts.header, {}, 0};
  XXH64_state_t hash;
  XXH64_reset(&hash, 0);
  for (std::size_t i = 0; i < parts.streams.size(); ++i) {
    const ir::Buffer& stream = parts.streams[i];
    XXH64_update(&hash, stream.bytes().data(), stream.size());
    if (constant.encoding) {
      const ir::Encoding::Stream& encoded = constant.encoding->streams.at(i);
      tensor.streams.emplace_back(static_cast<loader::Coder>(encoded.coder), encoded.bytes);
    } else if (parts.layout.streams[i].packed_bits == 8) {
      tensor.streams.emplace_back(loader::Coder::raw, stream);
    } else {
      tensor.streams.emplace_back(encode_raw(octets(stream.text()), parts.layout.streams[i]));
    }
    stream.release();
  }
  tensor.decoded_hash = XXH64_digest(&hash);
  return tensor;
}

Result<ir::Constant> constant_of(const loader::TensorInfo& tensor, const ir::Buffer& file) {
  auto decoded = loader::decode_tensor(tensor);
  if (!decoded) return std::unexpected(to_error(decoded.error()));
  ir::Constant constant;
  const auto dtype = ir::dtype_from_onnx(tensor.header.dtype);
  PITH_ASSERT(dtype.has_value(), "the loader accepted an unknown type");
  constant.dtype = *dtype;
  for (const std::uint64_t dim : tensor.header.dims) constant.shape.push_back(static_cast<std::int64_t>(dim));
  constant.form = form_of(tensor, constant.dtype, constant.shape, *std::move(decoded));

  ir::Encoding encoding;
  bool plain = true;
  for (std::size_t i = 0; i < tensor.layout.stream_count; ++i) {
    const loader::StoredStream& stream = tensor.streams[i];
    plain = plain && stream.coder == loader::Coder::raw;
    ir::Buffer bytes;
    if (!stream.bytes.empty()) {
      const auto offset = static_cast<std::uint64_t>(stream.bytes.data() - octets(file.text()).data());
      bytes = file.slice(offset, stream.bytes.size());
      bytes.release();
    }
    encoding.streams.push_back({static_cast<std::uint8_t>(stream.coder), std::move(bytes)});
  }
  if (!plain || encoding.size() < ir::stored_bytes(constant)) constant.encoding = std::move(encoding);
  return constant;
}

Error to_error(const loader::Status& status) {
  switch (status.code()) {
    case loader::StatusCode::out_of_memory:
      return {ErrorCode::environment, std::string(status.message())};
    case loader::StatusCode::unsupported:
      return {ErrorCode::model, std::string(status.message()), "a newer pith may read it"};
    default:
      return {ErrorCode::model, std::string(status.message())};
  }
}

}  // namespace pith::codec
