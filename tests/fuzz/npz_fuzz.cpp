// Any bytes as .npz and as .npy: an error or arrays, never a crash.
#include <cstddef>
#include <cstdint>
#include <string>

#include "engine/npy.h"
#include "engine/npz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto file = pith::ir::Buffer::own(std::string(reinterpret_cast<const char*>(data), size));
  constexpr std::uint64_t kLimit = 64U << 20U;
  static_cast<void>(pith::engine::read_npz(file, kLimit));
  static_cast<void>(pith::engine::read_npy(file));
  return 0;
}
