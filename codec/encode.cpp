#include "codec/encode.h"

#include <algorithm>

#include "codec/bit_writer.h"
#include "codec/byte_writer.h"
#include "codec/huffman_encoder.h"

namespace pith::codec {
namespace {

using loader::Coder;

bool is_constant(std::span<const std::uint8_t> stream) {
  return std::ranges::all_of(stream, [&](std::uint8_t byte) { return byte == stream.front(); });
}

EncodedStream encode_planes(std::span<const std::uint8_t> stream, std::size_t width) {
  EncodedStream encoded{Coder::byteplane, {}};
  std::vector<std::uint8_t> planes;
  std::vector<std::uint8_t> plane(stream.size() / width);
  ByteWriter writer(encoded.bytes);
  for (std::size_t p = 0; p < width; ++p) {
    for (std::size_t i = 0; i < plane.size(); ++i) plane[i] = stream[i * width + p];
    const EncodedStream part = encode_smallest(plane, {.size = plane.size()});
    writer.u8(static_cast<std::uint8_t>(part.coder));
    writer.varint(part.bytes.size());
    planes.insert(planes.end(), part.bytes.begin(), part.bytes.end());
  }
  writer.bytes(planes);
  return encoded;
}

}  // namespace

EncodedStream encode_raw(std::span<const std::uint8_t> stream, const loader::StreamLayout& layout) {
  EncodedStream encoded;
  if (layout.packed_bits == 8) {
    encoded.bytes.assign(stream.begin(), stream.end());
    return encoded;
  }
  const std::uint32_t mask = (1U << layout.packed_bits) - 1;
  BitWriter bits(encoded.bytes);
  for (const std::uint8_t code : stream) bits.put(code & mask, layout.packed_bits);
  bits.finish();
  return encoded;
}

EncodedStream encode_smallest(std::span<const std::uint8_t> stream, const loader::StreamLayout& layout) {
  EncodedStream best = encode_raw(stream, layout);
  if (best.bytes.size() < 2) return best;
  if (is_constant(stream)) return {Coder::constant, {stream.front()}};
  const auto consider = [&](EncodedStream candidate) {
    if (candidate.bytes.size() < best.bytes.size()) best = std::move(candidate);
  };
  consider({Coder::huffman, encode_huffman(stream)});
  if (layout.element_size > 1) consider(encode_planes(stream, layout.element_size));
  return best;
}

std::vector<std::uint8_t> encode_gaps(std::span<const std::int64_t> positions) {
  std::vector<std::uint8_t> gaps;
  ByteWriter writer(gaps);
  std::int64_t next = 0;
  for (const std::int64_t position : positions) {
    writer.varint(static_cast<std::uint64_t>(position - next));
    next = position + 1;
  }
  return gaps;
}

}  // namespace pith::codec
