#include "loader/wire.h"

#include <algorithm>

namespace pith::loader {

bool WireReader::take_varint(std::uint64_t& value) {
  value = 0;
  for (unsigned shift = 0; shift < 70 && at_ < end_; shift += 7) {
    const std::uint8_t byte = bytes_[at_++];
    if (shift == 63 && byte > 1) return false;
    value |= std::uint64_t{byte & 0x7FU} << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

bool WireReader::next(WireField& field) {
  if (at_ == end_ || failed_) return false;
  failed_ = true;  // until the whole field is there
  field = {};
  std::uint64_t tag = 0;
  if (!take_varint(tag) || tag >> 3 == 0) return false;
  field.number = tag >> 3;
  field.content = at_;
  std::uint64_t size = 0;
  switch (tag & 7) {
    case 0:
      field.varint = true;
      if (!take_varint(field.value)) return false;
      break;
    case 1:
      size = 8;
      break;
    case 2:
      field.delimited = true;
      field.length_at = at_;
      if (!take_varint(size)) return false;
      field.content = at_;
      break;
    case 5:
      size = 4;
      break;
    default:
      return false;
  }
  if (size > end_ - at_) return false;
  at_ += static_cast<std::size_t>(size);
  field.end = at_;
  failed_ = false;
  return true;
}

void WireWriter::bytes(std::span<const std::uint8_t> bytes) {
  out_ = std::ranges::copy(bytes, out_).out;
}

void WireWriter::text(std::string_view text) {
  varint(text.size());
  out_ = std::ranges::copy(text, out_).out;
}

}  // namespace pith::loader
