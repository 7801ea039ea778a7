#include "tests/conformance/reader_seeds.h"

#include <fmt/core.h>
#include <zstd.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <fstream>
#include <random>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "codec/byte_writer.h"
#include "codec/container_writer.h"
#include "codec/encode.h"
#include "codec/encode_bytes.h"
#include "codec/fast_encoder.h"
#include "codec/small_encoder.h"
#include "loader/container_reader.h"
#include "tests/support/trellis_values.h"

namespace pith {
namespace {

using codec::EncodedStream, codec::TensorToWrite;
using loader::Coder, loader::CodeShape, loader::Dims, loader::Form, loader::TensorHeader;
using loader::trellis::Trellis;
using Bytes = std::vector<std::uint8_t>;

constexpr std::uint8_t kUint8 = 2;

// Sums of four draws, computed in integers: the same numbers with every standard library.
std::vector<std::int8_t> bell(std::uint64_t seed, std::size_t count, int spread, int center = 0) {
  std::mt19937_64 random(seed);
  std::vector<std::int8_t> values(count);
  for (std::int8_t& value : values) {
    int sum = 0;
    for (int i = 0; i < 4; ++i)
      sum += static_cast<int>(random() % static_cast<std::uint64_t>(2 * spread + 1)) - spread;
    value = static_cast<std::int8_t>(center + sum / 4);
  }
  return values;
}

Bytes bytes_of(std::span<const std::int8_t> values) {
  return {values.begin(), values.end()};
}

Bytes floats(std::span<const float> values) {
  Bytes bytes;
  codec::ByteWriter out(bytes);
  for (const float value : values) out.u32(std::bit_cast<std::uint32_t>(value));
  return bytes;
}

Bytes float_noise(std::uint64_t seed, std::size_t count) {
  std::vector<float> values;
  for (const std::int8_t value : bell(seed, count, 100))
    values.push_back(static_cast<float>(value) / 8 + 0.0625F);
  return floats(values);
}

CodeShape shape_of(const Dims& dims) {
  CodeShape shape{.rank = dims.size()};
  std::ranges::copy(dims, shape.dims.begin());
  return shape;
}

std::vector<std::int32_t> widened(std::span<const std::uint8_t> bytes, bool is_signed) {
  std::vector<std::int32_t> values;
  for (const std::uint8_t byte : bytes) values.push_back(is_signed ? static_cast<std::int8_t>(byte) : byte);
  return values;
}

Bytes to_small(std::span<const std::uint8_t> bytes, const loader::StreamLayout& layout) {
  return codec::encode_small(widened(bytes, layout.packed_signed), layout.dimensions());
}

Bytes to_small(std::span<const std::uint8_t> bytes, const loader::StreamLayout& layout,
               const loader::small::Parameters& parameters) {
  return codec::encode_small(widened(bytes, layout.packed_signed), layout.dimensions(), parameters);
}

Bytes to_fast(std::span<const std::uint8_t> bytes, const loader::StreamLayout& layout, bool tables) {
  const codec::FastOptions options{.adaptive = !tables};
  if (!layout.packed_signed) return codec::encode_fast(bytes, layout.dimensions(), options);
  const std::span values(reinterpret_cast<const std::int8_t*>(bytes.data()), bytes.size());
  return codec::encode_fast(values, layout.dimensions(), options);
}

Bytes to_zstd(std::span<const std::uint8_t> bytes) {
  Bytes frame(ZSTD_compressBound(bytes.size()));
  frame.resize(ZSTD_compress(frame.data(), frame.size(), bytes.data(), bytes.size(), 19));
  return frame;
}

// A header and the part of a stream: coder, plane by plane.
Bytes planes(std::span<const std::uint8_t> elements, const loader::StreamLayout& whole, int turn,
             std::span<const Coder> coders) {
  const std::size_t width = whole.element_size;
  const std::size_t count = elements.size() / width;
  Bytes head;
  Bytes body;
  codec::ByteWriter out(head);
  for (std::size_t p = 0; p < width; ++p) {
    Bytes plane;
    for (std::size_t i = 0; i < count; ++i) {
      std::uint64_t element = 0;
      for (std::size_t b = 0; b < width; ++b) element |= std::uint64_t{elements[i * width + b]} << 8 * b;
      const std::uint64_t turned = turn == 0 ? element : element << 1 | element >> (8 * width - 1);
      plane.push_back(static_cast<std::uint8_t>(turned >> 8 * p));
    }
    const loader::StreamLayout layout{.size = count, .shape = whole.dimensions()};
    Bytes stored = plane;
    if (coders[p] == Coder::fast) stored = to_fast(plane, layout, true);
    if (coders[p] == Coder::small) stored = to_small(plane, layout);
    if (coders[p] == Coder::zstd) stored = to_zstd(plane);
    Coder coder = coders[p];
    if (coder == Coder::huffman || coder == Coder::runs || coder == Coder::constant) {
      EncodedStream encoded = codec::encode_with_huffman(plane, layout);
      coder = encoded.coder;
      stored = std::move(encoded.bytes);
    }
    out.u8(static_cast<std::uint8_t>(coder));
    out.varint(stored.size());
    body.insert(body.end(), stored.begin(), stored.end());
  }
  head.insert(head.end(), body.begin(), body.end());
  return head;
}

// A tensor of these decoded streams; each is stored as it was said, or else as its smallest.
class Tensor {
 public:
  Tensor(std::string name, TensorHeader header, std::vector<Bytes> decoded)
      : layout_(loader::layout_of(header).value()), decoded_(std::move(decoded)) {
    tensor_.name = std::move(name);
    tensor_.header = std::move(header);
    Bytes all;
    for (std::size_t i = 0; i < layout_.stream_count; ++i) {
      all.insert(all.end(), decoded_[i].begin(), decoded_[i].end());
      tensor_.streams.emplace_back(codec::encode_smallest(decoded_[i], layout_.streams[i]));
    }
    tensor_.decoded_hash = loader::hash_bytes(all);
  }

  Tensor& stream(std::size_t i, Coder coder, Bytes stored) {
    tensor_.streams[i] = EncodedStream{coder, std::move(stored)};
    return *this;
  }
  Tensor& raw() {
    for (std::size_t i = 0; i < layout_.stream_count; ++i)
      tensor_.streams[i] = codec::encode_raw(decoded_[i], layout_.streams[i]);
    return *this;
  }
  [[nodiscard]] const Bytes& decoded() const { return decoded_[0]; }
  [[nodiscard]] const loader::StreamLayout& layout() const { return layout_.streams[0]; }
  Tensor& as_small() { return stream(0, Coder::small, to_small(decoded(), layout())); }
  Tensor& as_small(const loader::small::Parameters& parameters) {
    return stream(0, Coder::small, to_small(decoded(), layout(), parameters));
  }
  Tensor& as_fast(bool tables) { return stream(0, Coder::fast, to_fast(decoded(), layout(), tables)); }
  Tensor& as_planes(Coder coder, std::span<const Coder> parts) {
    const int turn = coder == Coder::floatplane ? 1 : 0;
    return stream(0, coder, planes(decoded(), layout(), turn, parts));
  }
  [[nodiscard]] const TensorToWrite& written() const { return tensor_; }

 private:
  loader::TensorLayout layout_;
  std::vector<Bytes> decoded_;
  TensorToWrite tensor_;
};

Tensor dense(std::string name, std::uint8_t dtype, Dims dims, Bytes values) {
  return {std::move(name), {.dtype = dtype, .dims = std::move(dims)}, {std::move(values)}};
}

// Signed codes of `bits` with one scale.
Tensor codes(std::string name, Dims dims, std::span<const std::int8_t> values, std::uint8_t bits = 8) {
  const float scale = 0.25F;
  return {std::move(name),
          {.dtype = loader::kFloat32,
           .dims = std::move(dims),
           .form = Form::affine,
           .signed_codes = true,
           .bits = bits},
          {bytes_of(values), floats({&scale, 1})}};
}

// Codes of a trellis of their own dimensions.
Tensor trellis(std::string name, const Dims& dims, Trellis which, int spread, std::uint8_t bits) {
  const CodeShape shape = shape_of(dims);
  const auto indices = bell(20 + which.axis, shape.product(0, shape.rank), spread);
  const auto values = test::trellis_values(indices, shape, which);
  Tensor tensor = codes(std::move(name), dims, values, bits);
  const auto wide = widened(tensor.decoded(), true);
  const auto parameters = codec::choose_parameters(wide, shape, which);
  tensor.stream(0, Coder::small, codec::encode_small(wide, shape, parameters));
  return tensor;
}

Tensor sparse(std::string name) {
  Bytes gaps;
  codec::ByteWriter out(gaps);
  for (const unsigned gap : {0U, 3U, 130U, 0U, 7U, 200U}) out.varint(gap);
  TensorHeader header{.dtype = 4, .dims = {20, 20}, .form = Form::sparse};
  header.nonzeros = 6;
  header.gap_bytes = gaps.size();
  return {std::move(name), header, {gaps, bytes_of(bell(7, 12, 30))}};
}

struct Seed {
  std::string name;
  std::vector<Tensor> tensors;
};

std::vector<Seed> of_forms() {
  const std::vector<float> scales{0.5F, 0.25F, 1.0F, 2.0F, 0.125F, 3.0F};
  std::vector<std::int8_t> zeros = bell(3, 6, 2);
  const TensorHeader blocks{.dtype = loader::kFloat32,
                            .dims = {2, 5, 1},
                            .form = Form::affine,
                            .signed_codes = true,
                            .has_zero_points = true,
                            .bits = 3,
                            .axis = 1,
                            .block = 2};
  const TensorHeader channels{
      .dtype = loader::kFloat32, .dims = {3, 6}, .form = Form::affine, .bits = 7, .axis = 1};
  const TensorHeader book{
      .dtype = loader::kFloat32, .dims = {4, 3}, .form = Form::codebook, .bits = 2, .axis = 1, .entries = 3};
  Bytes indices = bytes_of(bell(4, 12, 1, 1));
  return {
      {"blocks", {Tensor("b", blocks, {bytes_of(bell(2, 10, 3)), floats(scales), bytes_of(zeros)}).raw()}},
      {"channels", {{"c", channels, {bytes_of(bell(5, 18, 20, 60)), floats(scales)}}}},
      {"codebook", {Tensor("k", book, {indices, float_noise(6, 9)}).raw()}},
      {"sparse", {sparse("s"), sparse("t").raw()}},
      {"dense",
       {dense("int4", 22, {3, 3}, {0x21, 0x43, 0x65, 0x87, 0x09}), dense("empty", 1, {0, 4}, {}),
        dense("scalar", 11, {}, Bytes(8, 0x3F)), dense("complex", 15, {2}, Bytes(32, 7)).raw()}},
      {"padded", {dense("zeros", kUint8, {100, 120}, Bytes(12000, 0))}}};
}

std::vector<Seed> of_coders() {
  using enum Coder;
  const Bytes numbers = bytes_of(bell(8, 200, 6, 9));
  Bytes mostly(900, 5);
  for (const std::size_t at : {3U, 4U, 300U, 700U, 899U}) mostly[at] = static_cast<std::uint8_t>(at);
  const Bytes noise = float_noise(9, 60);
  const Bytes doubles(noise.begin(), noise.begin() + 160);
  const std::vector turned{raw, huffman, small, fast};
  const std::vector mixed{zstd, constant, small, raw};
  const std::vector eight{raw, huffman, zstd, fast, small, huffman, raw, small};
  Tensor first = dense("first", 1, {5, 4}, float_noise(10, 20));
  Tensor second = dense("second", 1, {5, 4}, float_noise(10, 20));
  return {{"huffman",
           {dense("h", kUint8, {200}, numbers), dense("lanes", 3, {1100}, bytes_of(bell(11, 1100, 9)))}},
          {"runs", {dense("r", kUint8, {30, 30}, mostly)}},
          {"zstd", {dense("z", kUint8, {200}, numbers).stream(0, zstd, to_zstd(numbers))}},
          {"planes",
           {dense("p", 1, {12, 5}, noise).as_planes(byteplane, mixed),
            dense("f", 1, {12, 5}, noise).as_planes(floatplane, turned)}},
          {"wide-planes",
           {dense("d", 11, {20}, doubles).as_planes(floatplane, eight),
            dense("h", 10, {8, 10}, doubles).as_planes(byteplane, turned)}},
          {"same", {std::move(first), std::move(second)}}};
}

// Rows of different scales, which have classes.
std::vector<std::int8_t> rows() {
  std::vector<std::int8_t> values = bell(17, 640, 40);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i / 40 % 3 != 0) values[i] = static_cast<std::int8_t>(values[i] / 12);
  }
  return values;
}

std::vector<Seed> of_integers() {
  const auto line = bell(12, 120, 4);
  const auto wide = bell(13, 300, 60);
  const auto kernels = bell(14, 120, 3);
  const std::vector<std::int8_t> equal(40, -3);
  return {
      {"small-constant", {codes("e", {40}, equal).as_small()}},
      {"small",
       {codes("l", {120}, line).as_small(),
        dense("u", kUint8, {60}, bytes_of(bell(15, 60, 9, 30))).as_small()}},
      {"small-predicted",
       {codes("k", {5, 4, 2, 3}, kernels)
            .as_small({.shape = 1,
                       .predict = true,
                       .model_signs = true,
                       .mean16 = 12,
                       .first_lag = 3,
                       .second_lag = 6,
                       .trellis = {}})}},
      {"small-shifted",
       {codes("w", {10, 30}, wide)
            .as_small({.shape = 2,
                       .model_signs = true,
                       .mean16 = 80,
                       .shift = 4,
                       .zero_first = true,
                       .center = -2,
                       .trellis = {}})}},
      {"small-hole",
       {dense("o", kUint8, {10, 12}, bytes_of(bell(16, 120, 9, 40)))
            .as_small({.mean16 = 60, .shift = 3, .first_lag = 12, .hole = 20, .trellis = {}})}},
      {"trellis-kernels", {trellis("k", {6, 2, 2, 3}, {.axis = 0, .start = 0}, 3, 4)}},
      {"trellis-rows", {trellis("r", {5, 12}, {.axis = 1, .start = 1}, 12, 6)}},
      {"trellis-wide", {trellis("w", {40}, {.axis = 0, .start = 1}, 60, 8)}},
      {"fast-constant", {codes("e", {40}, equal).as_fast(false)}},
      {"fast-few", {codes("f", {4, 30}, line).as_fast(false)}},
      {"fast-tables", {codes("t", {10, 30}, wide).as_fast(true), codes("u", {4, 30}, line).as_fast(true)}},
      {"fast-rows", {codes("r", {16, 40}, rows()).as_fast(true)}}};
}

bool write_seed(const Seed& seed, const std::filesystem::path& folder) {
  static constexpr std::string_view kGraph =
      "a graph is bytes to this test, as the second reader does not look into it";
  std::vector<TensorToWrite> tensors;
  for (const Tensor& tensor : seed.tensors) tensors.push_back(tensor.written());
  const std::span graph(reinterpret_cast<const std::uint8_t*>(kGraph.data()), kGraph.size());
  const auto file = codec::write_container(graph, {"Conv", "Add", "x::Y"}, tensors);
  if (!file) {
    fmt::print(stderr, "{}: {}\n", seed.name, file.error().message());
    return false;
  }
  std::ofstream out(folder / (seed.name + ".pith"), std::ios::binary);
  out << file->joined() << std::flush;
  return static_cast<bool>(out);
}

}  // namespace

bool write_seeds(const std::filesystem::path& folder) {
  bool ok = true;
  const auto write = [&](const std::vector<Seed>& seeds) {
    for (const Seed& seed : seeds) ok = write_seed(seed, folder) && ok;
  };
  write(of_forms());
  write(of_coders());
  write(of_integers());
  return ok;
}

}  // namespace pith
