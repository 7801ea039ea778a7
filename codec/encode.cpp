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

void keep_smaller(EncodedStream& best, EncodedStream candidate) {
  if (candidate.bytes.size() < best.bytes.size()) best = std::move(candidate);
}

// The smallest of the coders that are not made of others.
EncodedStream encode_simple(std::span<const std::uint8_t> stream, const loader::StreamLayout& layout) {
  EncodedStream best = encode_raw(stream, layout);
  if (best.bytes.size() < 2) return best;
  if (is_constant(stream)) return {Coder::constant, {stream.front()}};
  keep_smaller(best, {Coder::huffman, encode_huffman(stream)});
  return best;
}

EncodedStream encode_runs(std::span<const std::uint8_t> stream, std::uint8_t common) {
  std::vector<std::uint8_t> runs;
  std::vector<std::uint8_t> values;
  std::uint8_t run = 0;
  for (const std::uint8_t byte : stream) {
    if (byte != common) {
      runs.push_back(run);
      values.push_back(byte);
      run = 0;
    } else if (++run == loader::kLongestRun) {
      runs.push_back(run);
      run = 0;
    }
  }
  const EncodedStream coded_runs = encode_simple(runs, {.size = runs.size()});
  const EncodedStream coded_values = encode_simple(values, {.size = values.size()});
  EncodedStream encoded{Coder::runs, {}};
  ByteWriter writer(encoded.bytes);
  writer.u8(common);
  writer.varint(runs.size());
  writer.varint(values.size());
  writer.u8(static_cast<std::uint8_t>(coded_runs.coder));
  writer.varint(coded_runs.bytes.size());
  writer.u8(static_cast<std::uint8_t>(coded_values.coder));
  writer.bytes(coded_runs.bytes);
  writer.bytes(coded_values.bytes);
  return encoded;
}

// The smallest of the coders of bytes. Huffman codes take a bit a symbol at least, so that runs may pay when
// one value is frequent.
EncodedStream encode_bytes(std::span<const std::uint8_t> stream, const loader::StreamLayout& layout) {
  EncodedStream best = encode_simple(stream, layout);
  const SymbolCounts counts = count_symbols(stream);
  const auto most = std::ranges::max_element(counts);
  if (*most > stream.size() / 4 && best.coder != Coder::constant) {
    keep_smaller(best, encode_runs(stream, static_cast<std::uint8_t>(most - counts.begin())));
  }
  return best;
}

EncodedStream encode_planes(std::span<const std::uint8_t> stream, std::size_t width) {
  EncodedStream encoded{Coder::byteplane, {}};
  std::vector<std::uint8_t> planes;
  std::vector<std::uint8_t> plane(stream.size() / width);
  ByteWriter writer(encoded.bytes);
  for (std::size_t p = 0; p < width; ++p) {
    for (std::size_t i = 0; i < plane.size(); ++i) plane[i] = stream[i * width + p];
    const EncodedStream part = encode_bytes(plane, {.size = plane.size()});
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
  EncodedStream best = encode_bytes(stream, layout);
  const bool has_planes = layout.element_size > 1 && best.bytes.size() > 1;
  if (has_planes) keep_smaller(best, encode_planes(stream, layout.element_size));
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
