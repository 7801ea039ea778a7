// `small` streams of wider integers than containers have, which the encoder takes too: here, so that the
// loader has one decoder.
#include <limits>

#include "loader/small_decoder.h"
#include "loader/small_decoder_inl.h"

namespace pith::loader {

template <class T>
Status decode_small(std::span<const std::uint8_t> stream, const CodeShape& shape, std::span<T> values) {
  return guarded([&] {
    return small::decode_into(
        stream, shape, small::Decoded<T>{.values = values, .low = std::numeric_limits<T>::min()}, false);
  });
}

template Status decode_small(std::span<const std::uint8_t>, const CodeShape&, std::span<std::int16_t>);
template Status decode_small(std::span<const std::uint8_t>, const CodeShape&, std::span<std::int32_t>);

}  // namespace pith::loader
