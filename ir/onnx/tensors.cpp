#include "ir/onnx/tensors.h"

#include <fmt/core.h>
#include <google/protobuf/io/coded_stream.h>

#include <bit>
#include <cstring>

#include "ir/onnx/raw_data.h"

namespace pith::ir::onnx {
namespace {

static_assert(std::endian::native == std::endian::little,
              "raw_data is little-endian; swap bytes before porting");

constexpr int kHighestRank = 64;

// Each entry narrowed to the `width` low bytes of its value.
template <class Entries>
std::string low_bytes(const Entries& entries, std::size_t width) {
  std::string bytes(static_cast<std::size_t>(entries.size()) * width, '\0');
  std::size_t at = 0;
  for (const auto entry : entries) {
    std::memcpy(bytes.data() + at, &entry, width);
    at += width;
  }
  return bytes;
}

// 6-bit types put one element in an int32_data entry, but are packed in raw_data.
std::string packed_six_bits(const google::protobuf::RepeatedField<std::int32_t>& entries) {
  std::string bytes((static_cast<std::size_t>(entries.size()) * 6 + 7) / 8, '\0');
  std::size_t bit = 0;
  for (const std::int32_t entry : entries) {
    for (unsigned i = 0; i < 6; ++i, ++bit) {
      const auto one = static_cast<unsigned>(entry) >> i & 1U;
      bytes[bit / 8] = static_cast<char>(static_cast<unsigned char>(bytes[bit / 8]) | one << bit % 8);
    }
  }
  return bytes;
}

std::string from_int32_data(const proto::TensorProto& message, DType dtype) {
  const unsigned bits = bits_of(dtype);
  if (bits == 6) return packed_six_bits(message.int32_data());
  return low_bytes(message.int32_data(), bits <= 8 ? 1 : bits / 8);
}

bool belongs_in_int32_data(DType dtype) {
  switch (dtype) {
    case DType::float32:
    case DType::float64:
    case DType::int64:
    case DType::uint32:
    case DType::uint64:
    case DType::complex64:
    case DType::complex128:
    case DType::string:
    case DType::undefined:
      return false;
    default:
      return true;
  }
}

int data_fields(const proto::TensorProto& m) {
  return static_cast<int>(m.has_raw_data() && !m.raw_data().empty()) +
         static_cast<int>(m.float_data_size() > 0) + static_cast<int>(m.int32_data_size() > 0) +
         static_cast<int>(m.string_data_size() > 0) + static_cast<int>(m.int64_data_size() > 0) +
         static_cast<int>(m.double_data_size() > 0) + static_cast<int>(m.uint64_data_size() > 0) +
         static_cast<int>(m.data_location() == proto::TensorProto::EXTERNAL || m.external_data_size() > 0);
}

Result<Buffer> take_typed_data(proto::TensorProto& message, DType dtype) {
  const auto is = [&](auto... types) { return ((dtype == types) || ...); };
  if (message.float_data_size() > 0 && is(DType::float32, DType::complex64)) {
    return Buffer::own(low_bytes(message.float_data(), sizeof(float)));
  }
  if (message.double_data_size() > 0 && is(DType::float64, DType::complex128)) {
    return Buffer::own(low_bytes(message.double_data(), sizeof(double)));
  }
  if (message.int64_data_size() > 0 && is(DType::int64))
    return Buffer::own(low_bytes(message.int64_data(), 8));
  if (message.uint64_data_size() > 0 && is(DType::uint64))
    return Buffer::own(low_bytes(message.uint64_data(), 8));
  if (message.uint64_data_size() > 0 && is(DType::uint32))
    return Buffer::own(low_bytes(message.uint64_data(), 4));
  if (message.int32_data_size() > 0 && belongs_in_int32_data(dtype))
    return Buffer::own(from_int32_data(message, dtype));
  return fail(ErrorCode::model,
              fmt::format("its data stands in a field that {} does not use", name_of(dtype)));
}

void clear_data(proto::TensorProto& message) {
  message.clear_dims();
  message.clear_data_type();
  message.clear_raw_data();
  message.clear_float_data();
  message.clear_int32_data();
  message.clear_string_data();
  message.clear_int64_data();
  message.clear_double_data();
  message.clear_uint64_data();
  message.clear_external_data();
  message.clear_data_location();
}

Result<Tensor> take_strings(proto::TensorProto& message, const TensorHead& head) {
  const std::vector<std::string> values(message.string_data().begin(), message.string_data().end());
  PITH_TRY(const std::uint64_t count, element_count(head.shape));
  if (message.has_raw_data() || values.size() != count) {
    return fail(ErrorCode::model, fmt::format("shape {} needs {} strings but {} are present",
                                              to_string(head.shape), count, values.size()));
  }
  return Tensor::of_strings(head.shape, values);
}

}  // namespace

bool has_data(const proto::TensorProto& message) {
  return data_fields(message) > 0;
}

Result<TensorHead> read_head(const proto::TensorProto& message) {
  const auto dtype = dtype_from_onnx(message.data_type());
  if (!dtype) return fail(ErrorCode::model, fmt::format("its data type {} is unknown", message.data_type()));
  if (message.has_segment())
    return fail(ErrorCode::model, "it is stored in segments, which ONNX never defined a use for");
  if (message.dims_size() > kHighestRank) {
    return fail(ErrorCode::model,
                fmt::format("it has {} dimensions, more than {}", message.dims_size(), kHighestRank));
  }
  return TensorHead{*dtype, Shape(message.dims().begin(), message.dims().end())};
}

Result<Tensor> take_tensor(proto::TensorProto& message, TensorData& data) {
  PITH_TRY(TensorHead head, read_head(message));
  if (data_fields(message) > 1) return fail(ErrorCode::model, "its data stands in more than one field");
  Result<Tensor> tensor;
  if (head.dtype == DType::string) {
    tensor = take_strings(message, head);
  } else {
    PITH_TRY(const std::uint64_t count, element_count(head.shape));
    const auto expected = packed_bytes(head.dtype, count);
    Buffer bytes;
    if (message.data_location() == proto::TensorProto::EXTERNAL || message.external_data_size() > 0) {
      if (!expected) return fail(ErrorCode::model, "its size overflows");
      PITH_TRY(bytes, data.external.bytes_of(message, *expected));
    } else if (message.has_raw_data()) {
      const std::size_t position = position_of(message.raw_data(), data.raw_data);
      if (position < data.raw_data.size()) bytes = data.raw_data[position];
    } else if (has_data(message)) {
      PITH_TRY(bytes, take_typed_data(message, head.dtype));
    }
    // Small tensors are read often, and do not keep the whole file in memory.
    constexpr std::size_t kWorthAMapping = std::size_t{64} << 10;
    if (bytes.size() < kWorthAMapping) bytes = bytes.copy();
    tensor = Tensor::in_place(head.dtype, std::move(head.shape), std::move(bytes));
  }
  if (tensor) clear_data(message);
  return tensor;
}

void put_head(DType dtype, const Shape& shape, proto::TensorProto& message) {
  message.set_data_type(static_cast<std::int32_t>(dtype));
  message.mutable_dims()->Add(shape.begin(), shape.end());
}

namespace {

// Integers up to this many bytes are stored as variable-length numbers where that is shorter: shapes, axes
// and the like take a byte each, and a file that stored them so does not grow. Larger ones stay raw, which
// loads by copying.
constexpr std::size_t kVariableLength = 65536;

// Fills `field`, and keeps it if it is shorter than raw bytes.
template <class T, class Field>
bool put_if_shorter(const Tensor& tensor, Field& field) {
  const auto values = tensor.as<T>();
  std::size_t size = 0;
  for (const T value : values)
    size += google::protobuf::io::CodedOutputStream::VarintSize64(
        static_cast<std::uint64_t>(static_cast<std::int64_t>(value)));
  if (size >= values.size_bytes()) return false;
  field.Add(values.begin(), values.end());
  return true;
}

}  // namespace

Result<Tensor> take_whole_tensor(proto::TensorProto& message) {
  TensorData data;
  if (message.has_raw_data() && !message.raw_data().empty()) {
    data.raw_data.push_back(Buffer::own(std::move(*message.mutable_raw_data())));
    message.set_raw_data(make_token(0));
  }
  PITH_TRY(const Tensor tensor, take_tensor(message, data));
  return tensor.aligned();
}

bool put_short_integers(const Tensor& tensor, proto::TensorProto& message) {
  if (tensor.bytes().size() > kVariableLength) return false;
  if (tensor.dtype() == DType::int64)
    return put_if_shorter<std::int64_t>(tensor, *message.mutable_int64_data());
  if (tensor.dtype() == DType::int32)
    return put_if_shorter<std::int32_t>(tensor, *message.mutable_int32_data());
  return false;
}

void put_tensor(const Tensor& tensor, proto::TensorProto& message) {
  put_head(tensor.dtype(), tensor.shape(), message);
  if (tensor.dtype() == DType::string) {
    for (std::string& value : tensor.strings()) message.add_string_data(std::move(value));
  } else if (!put_short_integers(tensor, message)) {
    message.set_raw_data(tensor.bytes().data(), tensor.bytes().size());
  }
}

ValueType take_type(proto::ValueInfoProto& message) {
  ValueType type;
  if (!message.has_type() || !message.type().has_tensor_type() || message.type().has_denotation())
    return type;
  const auto& tensor = message.type().tensor_type();
  const auto dtype = dtype_from_onnx(tensor.elem_type());
  if (!dtype) return type;
  if (tensor.has_shape()) {
    std::vector<Dim> dims;
    for (const auto& dim : tensor.shape().dim()) {
      if (dim.has_denotation()) return type;
      dims.push_back(dim.has_dim_value() ? Dim(dim.dim_value()) : Dim(dim.dim_param()));
    }
    type.shape = std::move(dims);
  }
  type.dtype = *dtype;
  message.clear_type();
  return type;
}

void put_type(const ValueType& type, proto::ValueInfoProto& message) {
  if (message.has_type() || type.dtype == DType::undefined) return;
  auto* tensor = message.mutable_type()->mutable_tensor_type();
  tensor->set_elem_type(static_cast<std::int32_t>(type.dtype));
  if (!type.shape) return;
  auto* shape = tensor->mutable_shape();
  for (const Dim& dim : *type.shape) {
    auto* added = shape->add_dim();
    if (const auto* number = std::get_if<std::int64_t>(&dim)) {
      added->set_dim_value(*number);
    } else if (const auto& symbol = std::get<std::string>(dim); !symbol.empty()) {
      added->set_dim_param(symbol);
    }
  }
}

}  // namespace pith::ir::onnx
