// Any bytes as a Huffman stream, and as symbols that must come back.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <span>
#include <vector>

#include "codec/huffman_encoder.h"
#include "loader/huffman_decoder.h"

namespace {

using Bytes = std::vector<std::uint8_t>;

void encode_and_decode(std::span<const std::uint8_t> symbols) {
  if (std::ranges::adjacent_find(symbols, std::not_equal_to()) == symbols.end()) return;
  const Bytes stored = pith::codec::encode_huffman(symbols);
  Bytes decoded(symbols.size(), 0xA5);
  if (!pith::loader::decode_huffman(stored, decoded).ok()) std::abort();
  if (!std::ranges::equal(decoded, symbols)) std::abort();
}

}  // namespace

// The first three bytes say how many symbols the rest is taken for.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span<const std::uint8_t> bytes(data, size);
  encode_and_decode(bytes);
  if (size < 3) return 0;
  const std::size_t count = (data[0] + std::size_t{256} * data[1] + std::size_t{65536} * data[2]) % 200000;
  Bytes decoded(count, 0xA5);
  if (pith::loader::decode_huffman(bytes.subspan(3), decoded).ok()) encode_and_decode(decoded);
  return 0;
}
