// Protobuf's wire format: a message is fields, one after the other, each a tag and a value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pith::ir {

// Integers of variable length (LEB128): seven bits a byte, lowest first. Bytes of the shortest form.
[[nodiscard]] constexpr std::uint64_t varint_size(std::uint64_t value) {
  std::uint64_t size = 1;
  for (; value >= 0x80; value >>= 7) ++size;
  return size;
}

inline void put_varint(std::uint64_t value, std::string& out) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}

// The number that the bytes begin with, which is taken from them. nullopt when they end within it or it is
// longer than 10 bytes.
[[nodiscard]] constexpr std::optional<std::uint64_t> take_varint(std::string_view& bytes) {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 70 && !bytes.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
    value |= std::uint64_t{byte & 0x7FU} << shift;
    if (byte < 0x80) return value;
  }
  return std::nullopt;
}

// One field of a message: its bytes with tag and length, and what is behind those.
struct Field {
  std::uint64_t number = 0;
  bool delimited = false;  // has a length; `content` is then what it counts
  std::string_view tag;
  std::string_view whole;
  std::string_view content;
};

class FieldReader {
 public:
  explicit FieldReader(std::string_view message) : rest_(message) {}

  [[nodiscard]] bool done() const { return rest_.empty(); }

  // The next field, when not done. nullopt: these bytes are no message, or one with groups.
  [[nodiscard]] std::optional<Field> next();

 private:
  std::string_view rest_;
};

}  // namespace pith::ir
