// Appends the little-endian fields of a header or directory to a byte string.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace pith::codec {

class ByteWriter {
 public:
  explicit ByteWriter(std::vector<std::uint8_t>& bytes) : bytes_(bytes) {}

  void u8(std::uint8_t value) { bytes_.push_back(value); }
  void u16(std::uint16_t value) { little_endian(value, 2); }
  void u32(std::uint32_t value) { little_endian(value, 4); }
  void u64(std::uint64_t value) { little_endian(value, 8); }

  // LEB128: seven bits a byte, lowest first, in the shortest form.
  void varint(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) u8(static_cast<std::uint8_t>(value | 0x80));
    u8(static_cast<std::uint8_t>(value));
  }

  // A varint length, then the bytes.
  void string(std::string_view text) {
    varint(text.size());
    bytes_.insert(bytes_.end(), text.begin(), text.end());
  }

  void bytes(std::span<const std::uint8_t> more) { bytes_.insert(bytes_.end(), more.begin(), more.end()); }

 private:
  void little_endian(std::uint64_t value, unsigned size) {
    for (unsigned i = 0; i < size; ++i) u8(static_cast<std::uint8_t>(value >> (8 * i)));
  }

  std::vector<std::uint8_t>& bytes_;
};

}  // namespace pith::codec
