#include "loader/integers.h"

namespace pith::loader {
namespace {

// The low bytes of tokens[i] + shift.
template <class U>
void put_all(std::span<const std::uint8_t> tokens, std::uint32_t shift, std::uint8_t* out) {
  const auto low = static_cast<U>(shift);
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const auto value = static_cast<U>(tokens[i] + low);
    std::memcpy(out + i * sizeof(U), &value, sizeof(U));
  }
}

}  // namespace

void Integers::fill(std::int64_t value) const {
  if (width_ == 1) {
    std::memset(bytes_, static_cast<std::uint8_t>(value), size_);
    return;
  }
  for (std::size_t i = 0; i < size_; ++i) put(i, value);
}

void Integers::put_tokens(std::span<const std::uint8_t> tokens, std::uint32_t shift) const {
  if (width_ == 1) return put_all<std::uint8_t>(tokens, shift, bytes_);
  if (width_ == 2) return put_all<std::uint16_t>(tokens, shift, bytes_);
  put_all<std::uint32_t>(tokens, shift, bytes_);
}

}  // namespace pith::loader
