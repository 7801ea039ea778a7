// 128 bits that stand for contents: XXH3. Not for contents that somebody wants to collide.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "ir/tensor.h"

namespace pith::engine {

using Digest = std::array<std::uint64_t, 2>;

// 32 lower-case hexadecimal digits.
[[nodiscard]] std::string hexadecimal(const Digest& digest);

// Of a sequence of parts; parts are told apart, so that ("ab", "c") is not ("a", "bc").
class ContentHash {
 public:
  ContentHash();
  ContentHash(ContentHash&& other) noexcept;
  ContentHash& operator=(ContentHash&&) = delete;
  ~ContentHash();

  ContentHash& add(std::span<const std::byte> bytes);
  ContentHash& add(std::string_view text) { return add(std::as_bytes(std::span(text))); }
  ContentHash& add(std::uint64_t number) { return add(std::as_bytes(std::span(&number, 1))); }
  ContentHash& add(double number) { return add(std::as_bytes(std::span(&number, 1))); }
  ContentHash& add(const Digest& digest) { return add(std::as_bytes(std::span(digest))); }
  ContentHash& add(const ir::Tensor& tensor);  // type, shape and bytes

  [[nodiscard]] Digest digest() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace pith::engine
