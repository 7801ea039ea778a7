#include "ir/wire.h"

namespace pith::ir {

std::optional<Field> FieldReader::next() {
  const std::string_view start = rest_;
  const auto tag = take_varint(rest_);
  if (!tag || *tag >> 3 == 0) return std::nullopt;
  Field field;
  field.number = *tag >> 3;
  field.tag = start.substr(0, start.size() - rest_.size());
  std::uint64_t size = 0;
  switch (*tag & 7) {
    case 0:
      if (!take_varint(rest_)) return std::nullopt;
      break;
    case 1:
      size = 8;
      break;
    case 2: {
      const auto length = take_varint(rest_);
      if (!length) return std::nullopt;
      size = *length;
      field.delimited = true;
      break;
    }
    case 5:
      size = 4;
      break;
    default:
      return std::nullopt;
  }
  if (size > rest_.size()) return std::nullopt;
  field.content = rest_.substr(0, size);
  rest_.remove_prefix(size);
  field.whole = start.substr(0, start.size() - rest_.size());
  return field;
}

}  // namespace pith::ir
