#include "codec/encode.h"

#include <algorithm>

#include "codec/bit_writer.h"
#include "codec/byte_writer.h"
#include "codec/fast_encoder.h"
#include "codec/huffman_encoder.h"
#include "codec/octets.h"
#include "codec/small_encoder.h"

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
  const std::size_t raw_size = (stream.size() * layout.packed_bits + 7) / 8;
  if (raw_size < 2) return encode_raw(stream, layout);
  if (is_constant(stream)) return {Coder::constant, {stream.front()}};
  EncodedStream coded{Coder::huffman, encode_huffman(stream)};
  return coded.bytes.size() < raw_size ? coded : encode_raw(stream, layout);
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

// Byte `p` of each element.
std::vector<std::uint8_t> plane_of(const ir::Buffer& stream, std::size_t width, std::size_t p) {
  static_assert(ir::Buffer::kWindow % 8 == 0);  // elements lie in one window
  std::vector<std::uint8_t> plane;
  plane.reserve(stream.size() / width);
  for (const ir::Buffer& window : stream.windows()) {
    const std::span<const std::byte> bytes = window.bytes();
    for (std::size_t i = p; i < bytes.size(); i += width)
      plane.push_back(static_cast<std::uint8_t>(bytes[i]));
    window.release();
  }
  return plane;
}

EncodedStream encode_planes(const ir::Buffer& stream, std::size_t width) {
  std::vector<EncodedStream> parts;
  std::size_t size = 0;
  for (std::size_t p = 0; p < width; ++p) {
    const std::vector<std::uint8_t> plane = plane_of(stream, width, p);
    parts.push_back(encode_bytes(plane, {.size = plane.size()}));
    size += parts.back().bytes.size();
  }
  EncodedStream encoded{Coder::byteplane, {}};
  ByteWriter writer(encoded.bytes);
  for (const EncodedStream& part : parts) {
    writer.u8(static_cast<std::uint8_t>(part.coder));
    writer.varint(part.bytes.size());
  }
  encoded.bytes.reserve(encoded.bytes.size() + size);
  for (EncodedStream& part : parts) {
    writer.bytes(part.bytes);
    std::vector<std::uint8_t>().swap(part.bytes);  // = {} would keep the memory
  }
  return encoded;
}

std::vector<std::int32_t> integers_of(std::span<const std::uint8_t> codes,
                                      const loader::StreamLayout& layout) {
  std::vector<std::int32_t> integers(codes.size());
  std::ranges::transform(codes, integers.begin(), [&](std::uint8_t code) {
    return layout.packed_signed ? static_cast<std::int8_t>(code) : std::int32_t{code};
  });
  return integers;
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

EncodedStream encode_smallest(const ir::Buffer& stream, const loader::StreamLayout& layout,
                              CoderChoice choice) {
  // From here on the planes are never larger: each has a code of its own that is at least as short as one for
  // all of them, and the tables no longer count.
  constexpr std::size_t kPlanesAlone = std::size_t{1} << 20;
  const bool wide = layout.element_size > 1;
  if (wide && stream.size() >= kPlanesAlone) {
    if (is_constant(octets(stream.text()))) return encode_simple(octets(stream.text()), layout);
    EncodedStream planes = encode_planes(stream, layout.element_size);
    return planes.bytes.size() < stream.size() ? planes : encode_raw(octets(stream.text()), layout);
  }
  EncodedStream best = encode_bytes(octets(stream.text()), layout);
  if (wide && best.bytes.size() > 1) keep_smaller(best, encode_planes(stream, layout.element_size));
  const bool worth_it = layout.shape && best.bytes.size() > 1 && best.coder != Coder::constant;
  if (choice == CoderChoice::huffman || !worth_it) return best;
  const std::vector<std::int32_t> codes = integers_of(octets(stream.text()), layout);
  keep_smaller(best, {Coder::fast, encode_fast(codes, *layout.shape)});
  if (choice == CoderChoice::small) keep_smaller(best, {Coder::small, encode_small(codes, *layout.shape)});
  return best;
}

EncodedStream encode_smallest(std::span<const std::uint8_t> stream, const loader::StreamLayout& layout,
                              CoderChoice choice) {
  return encode_smallest(ir::Buffer::view(std::as_bytes(stream)), layout, choice);
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
