#include "loader/status.h"

#include <cstring>

namespace pith::loader {
namespace {

const char* copy_of(const char* text) {
  const std::size_t size = std::strlen(text) + 1;
  return static_cast<const char*>(std::memcpy(::operator new(size), text, size));
}

}  // namespace

Status::Status(StatusCode code, const std::string& text)
    : text_(copy_of(text.c_str())), code_(code), owned_(true) {}

Status::Status(const Status& other)
    : text_(other.owned_ ? copy_of(other.text_) : other.text_), code_(other.code_), owned_(other.owned_) {}

void Status::release(const char* text) noexcept {
  ::operator delete(const_cast<char*>(text));
}

Status Status::in(std::string_view where) && {
  std::string text(where);
  text.append(": ").append(text_);
  return {code_, text};
}

std::string quoted(std::string_view what, std::string_view name, std::string_view rest) {
  std::string text(what);
  text.append(" '").append(name).append("'").append(rest);
  return text;
}

}  // namespace pith::loader
