// Decodes a stream of the `small` coder into integers of any type; the types of containers are in
// small_decoder.h.
#pragma once

#include <algorithm>
#include <limits>
#include <span>
#include <type_traits>

#include "loader/small_model_inl.h"

namespace pith::loader::small {

// Reads what the encoder's RangeEncoder wrote. The interval [0, range) holds the code; each decision keeps
// the part of it that the code lies in. Past the end of the bytes there are zeros, which are counted.
class RangeDecoder {
 public:
  explicit RangeDecoder(std::span<const std::uint8_t> bytes) : next_(bytes.data()), left_(bytes.size()) {
    refill();
    refill();
  }

  [[nodiscard]] bool starts_well() const { return code_ < range_; }

  bool code(std::uint32_t chance, bool /*bit*/) {
    // No branch: which bit comes is not to be foreseen.
    const std::uint64_t bound = (range_ >> 16) * chance;
    const bool bit = code_ < bound;
    const std::uint64_t if_zero = std::uint64_t{bit} - 1;
    code_ -= bound & if_zero;
    range_ = bound + ((range_ - 2 * bound) & if_zero);
    if (range_ >> 32 == 0) {
      range_ <<= 32;
      refill();
    }
    return bit;
  }

  // No stream of an encoder needs more than eight bytes past its end.
  [[nodiscard]] bool exhausted() const { return missing_ > 8; }

  // Whether the bytes are those that the encoder ends with: of the values in its last interval the one with
  // most zero bytes at its end, without them.
  [[nodiscard]] bool ends_well() const {
    const std::uint64_t low = window_ - code_;
    for (unsigned zeros = 8; zeros > 0; --zeros) {
      const std::uint64_t up = (0 - low) & (~std::uint64_t{0} >> (64 - 8 * zeros));
      if (up < range_) return left_ == 0 && missing_ == zeros && code_ == up;
    }
    return false;
  }

 private:
  void refill() {
    if (left_ < 4) [[unlikely]] {
      *this = near_end(*this);
      return;
    }
    std::uint32_t bytes = 0;
    for (std::size_t i = 0; i < 4; ++i) bytes = bytes << 8 | next_[i];
    take(bytes);
    next_ += 4;
    left_ -= 4;
  }

  void take(std::uint32_t bytes) {
    code_ = code_ << 32 | bytes;
    window_ = window_ << 32 | bytes;
  }

  // By value, so that the caller's copy need not be in memory.
  [[gnu::noinline]] static RangeDecoder near_end(RangeDecoder coder) {
    std::uint32_t bytes = 0;
    for (int i = 0; i < 4; ++i) {
      bytes <<= 8;
      if (coder.left_ > 0) {
        bytes |= *coder.next_++;
        --coder.left_;
      } else {
        coder.missing_ = std::min(coder.missing_ + 1, 9U);
      }
    }
    coder.take(bytes);
    return coder;
  }

  std::uint64_t range_ = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t code_ = 0;    // of the encoder's value above the interval's low end
  std::uint64_t window_ = 0;  // the last eight bytes read, the lower 64 bits of that value
  const std::uint8_t* next_;
  std::size_t left_;
  unsigned missing_ = 0;
};

template <class T>
Status decode_values(std::span<const std::uint8_t> stream, const Parameters& parameters,
                     const CodeShape& shape, Decoded<T> values) {
  RangeDecoder coder(stream);
  if (!coder.starts_well()) return damaged("a small stream has a wrong start");
  Model<RangeDecoder> model(coder, parameters, shape, values.size());
  if (!model.run(values)) return damaged("a small stream is cut short or has a value out of range");
  if (!coder.ends_well()) return damaged("a small stream ends early or late");
  return {};
}

// `with_trellis`: whether the integers may be those of a trellis.
template <class T>
Status decode_into(std::span<const std::uint8_t> stream, const CodeShape& shape, Decoded<T> values,
                   bool with_trellis) {
  if (shape.rank > kMaxRank) return damaged("a tensor has too many dimensions");
  if (values.size() == 0) return stream.empty() ? Status() : damaged("an empty tensor has a small stream");
  ByteReader bytes(stream);
  const std::uint8_t form = bytes.u8();
  if (form == kConstantForm) {
    const std::int64_t value = unzigzag(bytes.varint());
    if (bytes.failed() || bytes.left() != 0) return damaged("a constant small stream has a wrong size");
    if (!values.put(0, value)) return damaged("a small stream has a value out of range");
    std::ranges::fill(values.values, values.values[0]);
    return {};
  }
  const auto parameters = read_parameters(form, bytes, shape);
  if (!parameters) return parameters.error();
  const auto coded = stream.subspan(bytes.position());
  if (parameters->trellis && !with_trellis)
    return damaged("a small stream has a trellis of other integers than int8");
  return decode_values(coded, *parameters, shape, values);
}

}  // namespace pith::loader::small
