// Chooses how to store a stream and does it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "ir/buffer.h"
#include "loader/tensor_layout.h"

namespace pith::codec {

struct EncodedStream {
  loader::Coder coder = loader::Coder::raw;
  std::vector<std::uint8_t> bytes;
};

// Which coders are tried: each choice adds to those before it.
enum class CoderChoice : std::uint8_t {
  huffman,    // raw, constant, huffman, runs, byteplane
  fast,       // fast, floatplane, zstd: decode hundreds of millions of weights a second
  small,      // small: fewest bytes, about ten million of them a second
  automatic,  // small while few weights are decoded in no time, fast beyond
};

// What `automatic` stands for in a model of so many weights: small up to 2^19 of them, which are decoded in
// about 0.05 s. Other choices stand for themselves.
[[nodiscard]] CoderChoice resolved(CoderChoice choice, std::uint64_t elements);

// The bytes as they are; codes packed to `layout.packed_bits`. `stream.size()` must be `layout.size`, and
// every code must fit its width.
[[nodiscard]] EncodedStream encode_raw(std::span<const std::uint8_t> stream,
                                       const loader::StreamLayout& layout);

// The smallest of what the coders of that choice make of it; the simplest of equals. Never larger than
// encode_raw().
[[nodiscard]] EncodedStream encode_smallest(std::span<const std::uint8_t> stream,
                                            const loader::StreamLayout& layout,
                                            CoderChoice choice = CoderChoice::huffman);
// The same for a stream that may be mapped; its memory is given back on the way.
[[nodiscard]] EncodedStream encode_smallest(const ir::Buffer& stream, const loader::StreamLayout& layout,
                                            CoderChoice choice = CoderChoice::huffman);

// Sparse positions as gaps in LEB128: position - previous - 1. They must be strictly rising from 0 up.
[[nodiscard]] std::vector<std::uint8_t> encode_gaps(std::span<const std::int64_t> positions);

}  // namespace pith::codec
