#include "engine/content_hash.h"

#include <fmt/core.h>
#include <xxhash.h>

namespace pith::engine {

struct ContentHash::State {
  XXH3_state_t hash;
};

std::string hexadecimal(const Digest& digest) {
  return fmt::format("{:016x}{:016x}", digest[0], digest[1]);
}

ContentHash::ContentHash() : state_(std::make_unique<State>()) {
  XXH3_128bits_reset(&state_->hash);
}
ContentHash::ContentHash(ContentHash&& other) noexcept = default;
ContentHash::~ContentHash() = default;

ContentHash& ContentHash::add(std::span<const std::byte> bytes) {
  const std::uint64_t size = bytes.size();
  XXH3_128bits_update(&state_->hash, &size, sizeof size);
  XXH3_128bits_update(&state_->hash, bytes.data(), bytes.size());
  return *this;
}

ContentHash& ContentHash::add(const ir::Tensor& tensor) {
  add(static_cast<std::uint64_t>(tensor.dtype()));
  add(std::as_bytes(std::span(tensor.shape())));
  for (const ir::Buffer& window : tensor.buffer().windows()) add(window.bytes());
  return *this;
}

Digest ContentHash::digest() const {
  const XXH128_hash_t hash = XXH3_128bits_digest(&state_->hash);
  return {hash.high64, hash.low64};
}

}  // namespace pith::engine
