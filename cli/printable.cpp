#include "cli/printable.h"

#include <fmt/core.h>

#include "loader/text.h"

namespace pith::cli {
namespace {

// Bytes of the UTF-8 character that starts here; 0 when it is a control character or no character at all.
std::size_t printable_length(std::string_view rest) {
  const auto lead = static_cast<unsigned char>(rest[0]);
  if (lead < 0x80) return lead >= 0x20 && lead != 0x7F ? 1 : 0;
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  const std::string_view character = rest.substr(0, length);
  const bool c1 = lead == 0xC2 && character.size() == 2 && static_cast<unsigned char>(character[1]) < 0xA0;
  return character.size() == length && !c1 && loader::is_clean_utf8(character) ? length : 0;
}

}  // namespace

std::string printable(std::string_view text, Newlines newlines) {
  std::string shown;
  while (!text.empty()) {
    if (text[0] == '\n' && newlines == Newlines::keep) {
      shown += '\n';
      text.remove_prefix(1);
    } else if (const std::size_t length = printable_length(text); length > 0) {
      shown += text.substr(0, length);
      text.remove_prefix(length);
    } else {
      shown += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[0]));
      text.remove_prefix(1);
    }
  }
  return shown;
}

}  // namespace pith::cli
