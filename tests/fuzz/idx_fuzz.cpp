// Any bytes as IDX, plain or gzip: an error or an array, never a crash.
#include <cstddef>
#include <cstdint>
#include <string>

#include "engine/idx.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto file = pith::ir::Buffer::own(std::string(reinterpret_cast<const char*>(data), size));
  static_cast<void>(pith::engine::read_idx(file));
  return 0;
}
