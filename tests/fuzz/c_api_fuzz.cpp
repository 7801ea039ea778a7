// The C interface on any bytes. The first byte says what the others are: a file, or the graph of a file whose
// tensors and checksums are right.
#include <pith.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "codec/container_writer.h"
#include "loader/container_reader.h"

namespace {

using Bytes = std::vector<std::uint8_t>;
namespace loader = pith::loader;

void require(bool condition) {
  if (!condition) std::abort();
}

// What every failure must be.
bool done(pith_status status, const pith_message& message) {
  const bool ok = status == PITH_OK;
  require(std::memchr(message.text, 0, sizeof message.text) != nullptr);
  require(ok == (message.text[0] == '\0'));
  return ok;
}

// Decodes into buffers of two different contents: success gives the same values in both.
void decode_twice(const pith_file* file, std::size_t index, std::uint64_t size) {
  std::array<Bytes, 2> buffers{Bytes(size, 0xA5), Bytes(size, 0x5A)};
  std::array<bool, 2> ok{};
  for (std::size_t i = 0; i < 2; ++i) {
    pith_message message;
    ok[i] = done(pith_decode_tensor(file, index, buffers[i].data(), size, &message), message);
  }
  require(ok[0] == ok[1] && (!ok[0] || buffers[0] == buffers[1]));
}

void decode_parts(const pith_file* file, std::size_t index, const pith_tensor& info) {
  std::array<std::vector<std::int64_t>, 3> rooms;
  std::array<void*, 3> parts{};
  std::array<std::size_t, 3> sizes{};
  for (std::size_t i = 0; i < 3; ++i) {
    sizes[i] = info.part_bytes[i];
    rooms[i].resize(sizes[i] / sizeof(std::int64_t) + 1);
    parts[i] = rooms[i].data();
  }
  pith_message message;
  done(pith_decode_parts(file, index, parts.data(), sizes.data(), &message), message);
}

void to_onnx(const pith_file* file, const char* location) {
  std::size_t size = 0;
  pith_message message;
  if (!done(pith_onnx_size(file, location, &size, &message), message)) return;
  Bytes model(size, 0xA5);
  done(pith_to_onnx(file, location, model.data(), model.size(), 1, &message), message);
}

void use(std::span<const std::uint8_t> bytes) {
  pith_options options{};
  options.struct_size = sizeof options;
  options.max_decoded_bytes = std::uint64_t{64} << 20;
  pith_file* file = nullptr;
  pith_message message;
  const bool ok = done(pith_open_memory(bytes.data(), bytes.size(), &options, &file, &message), message);
  require(ok == (file != nullptr));
  if (!ok) return;
  for (std::size_t i = 0; i < pith_tensor_count(file); ++i) {
    pith_tensor info{};
    info.struct_size = sizeof info;
    require(pith_tensor_info(file, i, &info, nullptr) == PITH_OK);
    require(std::strlen(info.name) > 0);
    decode_twice(file, i, info.bytes);
    decode_parts(file, i, info);
  }
  to_onnx(file, nullptr);
  to_onnx(file, "weights.bin");
  for (std::size_t i = 0; i < pith_operator_count(file); ++i) require(pith_operator(file, i) != nullptr);
  pith_close(file);
}

// A file of this graph and two tensors, "w": float32[2,3] by codes, and "v": int64[5].
Bytes with_graph(std::span<const std::uint8_t> graph) {
  using pith::codec::StreamToWrite;
  using pith::codec::TensorToWrite;
  const auto stream = [](std::string bytes) {
    return StreamToWrite(loader::Coder::raw, pith::ir::Buffer::own(std::move(bytes)));
  };
  const auto hash = [](const std::string& text) {
    return loader::hash_bytes({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  };
  const std::string codes{1, 2, 3, 4, 5, 6};
  const std::string scale("\0\0\x80\x3F", 4);
  const std::string numbers(40, '\1');
  const std::vector<TensorToWrite> tensors{
      {"w",
       {.dtype = loader::kFloat32, .dims = {2, 3}, .form = loader::Form::affine, .signed_codes = true},
       {stream(codes), stream(scale)},
       hash(codes + scale)},
      {"v", {.dtype = 7, .dims = {5}}, {stream(numbers)}, hash(numbers)}};
  const auto file = pith::codec::write_container(graph, {"Add", "If", "MatMul", "x::Y"}, tensors);
  require(file.has_value());
  const std::string bytes = file->joined();
  return {bytes.begin(), bytes.end()};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::span<const std::uint8_t> rest(data + 1, size - 1);
  if (data[0] % 2 == 0) {
    use(rest);
  } else {
    use(with_graph(rest));
  }
  return 0;
}
