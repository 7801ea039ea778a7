// Protobuf's wire format: a message is fields, one after the other, each a tag and a value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace pith::loader {

// Where a field is in the bytes of the outermost message.
struct WireField {
  std::uint64_t number = 0;
  bool delimited = false;     // a length, then as many bytes from `content` to `end`
  std::uint64_t value = 0;    // of a varint field
  bool varint = false;        // whether it is one
  std::size_t length_at = 0;  // of a delimited field: where its length is
  std::size_t content = 0;
  std::size_t end = 0;
};

// Reads the fields of the message that lies at [begin, end) of `bytes`.
class WireReader {
 public:
  WireReader(std::span<const std::uint8_t> bytes, std::size_t begin, std::size_t end)
      : bytes_(bytes), at_(begin), end_(end) {}

  // False at the end of the message, and at bytes that are none: failed() then. Groups are refused, as are
  // lengths and numbers of more than 10 bytes.
  [[nodiscard]] bool next(WireField& field);
  [[nodiscard]] bool failed() const { return failed_; }

 private:
  bool take_varint(std::uint64_t& value);

  std::span<const std::uint8_t> bytes_;
  std::size_t at_;
  std::size_t end_;
  bool failed_ = false;
};

[[nodiscard]] constexpr std::size_t varint_size(std::uint64_t value) {
  std::size_t size = 1;
  for (; value >= 0x80; value >>= 7) ++size;
  return size;
}

// Writes to memory that is known to be large enough.
class WireWriter {
 public:
  explicit WireWriter(std::uint8_t* out) : out_(out) {}

  void varint(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) *out_++ = static_cast<std::uint8_t>(value | 0x80);
    *out_++ = static_cast<std::uint8_t>(value);
  }
  void bytes(std::span<const std::uint8_t> bytes);
  void text(std::string_view text);  // with its length
  // Leaves room for that many bytes and says where.
  [[nodiscard]] std::uint8_t* skip(std::size_t size) {
    std::uint8_t* const place = out_;
    out_ += size;
    return place;
  }

 private:
  std::uint8_t* out_;
};

}  // namespace pith::loader
