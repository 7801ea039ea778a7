// Any bytes as a small stream, and as integers that must come back.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <type_traits>
#include <vector>

#include "codec/small_encoder.h"
#include "loader/small_decoder.h"
#include "tests/fuzz/code_shape.h"

namespace {

using pith::loader::CodeShape;

template <class T>
void encode_and_decode(std::span<const T> values, const CodeShape& shape) {
  const std::vector<std::int32_t> wide = pith::fuzz::widened(values);
  const pith::fuzz::Bytes stored = pith::codec::encode_small(wide, shape);
  std::vector<T> decoded(wide.size());
  if (!pith::loader::decode_small(stored, shape, std::span(decoded)).ok()) std::abort();
  if (!std::ranges::equal(decoded, wide)) std::abort();
  if constexpr (std::is_same_v<T, std::int8_t>) {
    const auto trellis = pith::codec::find_trellis(values, shape);
    if (!trellis) return;
    const auto parameters = pith::codec::choose_parameters(wide, shape, trellis);
    const pith::fuzz::Bytes indices = pith::codec::encode_small(wide, shape, parameters);
    if (!pith::loader::decode_small(indices, shape, std::span(decoded)).ok()) std::abort();
    if (!std::ranges::equal(decoded, wide)) std::abort();
  }
}

template <class T>
void both_ways(std::span<const std::uint8_t> bytes, const CodeShape& shape) {
  std::vector<T> decoded(shape.product(0, shape.rank));
  const bool ok = pith::loader::decode_small(bytes, shape, std::span(decoded)).ok();
  if (ok && decoded.size() <= pith::fuzz::kMostEncoded) encode_and_decode<T>(decoded, shape);
  const std::vector<T> values = pith::fuzz::as_values<T>(bytes);
  encode_and_decode<T>(values, pith::fuzz::shape_for(values.size(), shape));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return pith::fuzz::with_type_and_shape(
      {data, size}, []<class T>(T, std::span<const std::uint8_t> rest, const CodeShape& shape) {
        both_ways<T>(rest, shape);
      });
}
