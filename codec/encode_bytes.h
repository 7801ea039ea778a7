// Stores single bytes: codes, indices, gaps, or one byte of each element of a tensor.
#pragma once

#include <cstdint>
#include <span>

#include "codec/encode.h"
#include "codec/huffman_encoder.h"

namespace pith::codec {

// What the shortest code for symbols of these counts takes on average, in bits a symbol: their entropy.
[[nodiscard]] double entropy_of(const SymbolCounts& counts);

// The smallest of raw, constant, huffman and runs.
[[nodiscard]] EncodedStream encode_with_huffman(std::span<const std::uint8_t> stream,
                                                const loader::StreamLayout& layout);

// One byte of each element of a tensor: by huffman or fast, whichever is smaller on a sample by more than
// its speed is worth, or small; raw where hardly anything is to be gained.
[[nodiscard]] EncodedStream encode_plane(std::span<const std::uint8_t> plane,
                                         const loader::StreamLayout& layout, CoderChoice choice);

// The smallest of what the coders of that choice make of bytes; for the choice of fast, Huffman codes where
// they take at most a hundredth more.
[[nodiscard]] EncodedStream encode_bytes(std::span<const std::uint8_t> stream,
                                         const loader::StreamLayout& layout, CoderChoice choice);

// As zstd where a look at the stream says that enough of it repeats; otherwise raw with no bytes.
[[nodiscard]] EncodedStream encode_repeats(std::span<const std::uint8_t> stream,
                                           const loader::StreamLayout& layout);

// Puts the smaller one into `best`; of equal ones the one that is there.
void keep_smaller(EncodedStream& best, EncodedStream candidate);

}  // namespace pith::codec
