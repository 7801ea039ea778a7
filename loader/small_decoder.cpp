#include "loader/small_decoder.h"

#include "loader/small_decoder_inl.h"

namespace pith::loader {

Status decode_small_bytes(std::span<const std::uint8_t> stream, const CodeShape& shape,
                          std::span<std::uint8_t> values, bool is_signed) {
  return guarded([&] {
    const small::Decoded<std::uint8_t> out{
        .values = values,
        .low = is_signed ? std::numeric_limits<std::int8_t>::min() : std::int64_t{0},
    };
    return small::decode_into(stream, shape, out, is_signed);
  });
}

}  // namespace pith::loader
