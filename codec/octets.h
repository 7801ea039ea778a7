// Bytes as the loader takes them.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace pith::codec {

[[nodiscard]] inline std::span<const std::uint8_t> octets(std::string_view bytes) {
  return {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()};
}

}  // namespace pith::codec
