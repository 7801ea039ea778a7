// Any bytes as a fast stream, and as integers that must come back.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <span>
#include <vector>

#include "codec/fast_encoder.h"
#include "loader/fast_decoder.h"
#include "loader/fast_lanes.h"
#include "tests/fuzz/code_shape.h"

namespace {

using pith::fuzz::Bytes;
using pith::loader::CodeShape;
using pith::loader::FastPath;

template <class T>
void encode_and_decode(std::span<const T> values, const CodeShape& shape) {
  const std::vector<std::int32_t> wide = pith::fuzz::widened(values);
  // The one integer that this encoder does not take.
  if (std::ranges::find(wide, std::numeric_limits<std::int32_t>::min()) != wide.end()) return;
  const Bytes stored = pith::codec::encode_fast(wide, shape);
  for (const FastPath path : {FastPath::best, FastPath::scalar}) {
    std::vector<T> decoded(wide.size());
    if (!pith::loader::decode_fast<T>(stored, shape, decoded, path).ok()) std::abort();
    if (!std::ranges::equal(decoded, wide)) std::abort();
  }
}

// Both paths must agree; what decodes must come back.
template <class T>
void decode(std::span<const std::uint8_t> stored, const CodeShape& shape) {
  std::vector<T> best(shape.product(0, shape.rank));
  std::vector<T> scalar(best.size());
  const bool first = pith::loader::decode_fast<T>(stored, shape, best).ok();
  const bool second = pith::loader::decode_fast<T>(stored, shape, scalar, FastPath::scalar).ok();
  if (first != second || (first && best != scalar)) std::abort();
  if (first && best.size() <= pith::fuzz::kMostEncoded) encode_and_decode<T>(best, shape);
}

template <class T>
void both_ways(std::span<const std::uint8_t> bytes, const CodeShape& shape) {
  decode<T>(bytes, shape);
  // The check byte of a stream would stop nearly all changed ones.
  if (!bytes.empty()) {
    Bytes checked(bytes.begin(), bytes.end() - 1);
    checked.push_back(static_cast<std::uint8_t>(255 - pith::loader::byte_sum(checked)));
    decode<T>(checked, shape);
  }
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
