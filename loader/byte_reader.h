// Reads the little-endian fields of a header or directory. A read past the
// end gives zero and makes `failed()` true, so that a caller may read a whole
// record and check once, before it trusts any of the numbers.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace pith::loader {

static_assert(std::endian::native == std::endian::little, "pith runs on little-endian machines");

class ByteReader {
 public:
  explicit ByteReader(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

  [[nodiscard]] std::uint8_t u8() { return fixed<std::uint8_t>(); }
  [[nodiscard]] std::uint16_t u16() { return fixed<std::uint16_t>(); }
  [[nodiscard]] std::uint32_t u32() { return fixed<std::uint32_t>(); }
  [[nodiscard]] std::uint64_t u64() { return fixed<std::uint64_t>(); }

  // LEB128: seven bits a byte, lowest first. Only the shortest form of a number is accepted.
  [[nodiscard]] std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const std::uint8_t byte = u8();
      if (failed_) return 0;
      const std::uint64_t part = byte & 0x7FU;
      if ((shift == 63 && byte > 1) || (byte == 0 && shift != 0)) break;
      value |= part << shift;
      if (byte < 0x80) return value;
    }
    failed_ = true;
    return 0;
  }

  // A varint length, then that many bytes; a view into the input.
  [[nodiscard]] std::string_view string() {
    const std::uint64_t size = varint();
    if (failed_ || size > left()) {
      failed_ = true;
      return {};
    }
    const std::string_view text(reinterpret_cast<const char*>(bytes_.data() + at_), size);
    at_ += static_cast<std::size_t>(size);
    return text;
  }

  [[nodiscard]] std::size_t position() const { return at_; }
  [[nodiscard]] std::size_t left() const { return bytes_.size() - at_; }
  [[nodiscard]] bool failed() const { return failed_; }

 private:
  template <class T>
  T fixed() {
    T value = 0;
    if (left() < sizeof(T)) {
      failed_ = true;
      at_ = bytes_.size();
      return value;
    }
    std::memcpy(&value, bytes_.data() + at_, sizeof(T));
    at_ += sizeof(T);
    return value;
  }

  std::span<const std::uint8_t> bytes_;
  std::size_t at_ = 0;
  bool failed_ = false;
};

}  // namespace pith::loader
