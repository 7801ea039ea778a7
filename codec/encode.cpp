#include "codec/encode.h"

#include <algorithm>

#include "codec/bit_writer.h"
#include "codec/byte_writer.h"
#include "codec/encode_bytes.h"
#include "codec/encode_planes.h"
#include "codec/octets.h"

namespace pith::codec {

using loader::Coder;

CoderChoice resolved(CoderChoice choice, std::uint64_t elements) {
  constexpr std::uint64_t kQuick = std::uint64_t{1} << 19;
  if (choice != CoderChoice::automatic) return choice;
  return elements <= kQuick ? CoderChoice::small : CoderChoice::fast;
}

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
  choice = resolved(choice, layout.size / layout.element_size);
  const std::span<const std::uint8_t> bytes = octets(stream.text());
  if (layout.element_size == 1) return encode_bytes(bytes, layout, choice);
  // From here on the planes are never larger: each has a code of its own that is at least as short as one for
  // all of them, and the tables no longer count.
  constexpr std::size_t kPlanesAlone = std::size_t{1} << 20;
  EncodedStream best;
  if (stream.size() < kPlanesAlone || std::ranges::adjacent_find(bytes, std::not_equal_to()) == bytes.end()) {
    best = encode_with_huffman(bytes, layout);
    if (best.bytes.size() > 1) keep_smaller(best, encode_planes(stream, layout, choice));
  } else {
    best = encode_planes(stream, layout, choice);
  }
  if (choice != CoderChoice::huffman && best.bytes.size() > 1) {
    EncodedStream repeated = encode_repeats(bytes, layout);
    if (repeated.coder == Coder::zstd) keep_smaller(best, std::move(repeated));
    stream.release();
  }
  return best.bytes.size() < stream.size() || best.coder == Coder::raw ? best : encode_raw(bytes, layout);
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
