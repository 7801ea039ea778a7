// Integers of a type that is known at run time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>

namespace pith::loader {

// Where values go: integers of one, two or four bytes. Of any type, so that the decoder is compiled once.
class Integers {
 public:
  template <class T>
  explicit Integers(std::span<T> values)
      : bytes_(reinterpret_cast<std::uint8_t*>(values.data())),
        size_(values.size()),
        width_(sizeof(T)),
        least_(std::numeric_limits<T>::min()),
        most_(std::numeric_limits<T>::max()) {}

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] Integers part(std::size_t from, std::size_t count) const {
    Integers result = *this;
    result.bytes_ += from * width_;
    result.size_ = count;
    return result;
  }
  [[nodiscard]] bool hold(std::int64_t value) const { return value >= least_ && value <= most_; }

  // Of a value that is not held, the low bytes.
  void put(std::size_t at, std::int64_t value) const {
    if (width_ == 1) return put_as<std::uint8_t>(at, value);
    if (width_ == 2) return put_as<std::uint16_t>(at, value);
    put_as<std::uint32_t>(at, value);
  }
  // `value` everywhere.
  void fill(std::int64_t value) const;
  // tokens[i] + shift for all i.
  void put_tokens(std::span<const std::uint8_t> tokens, std::uint32_t shift) const;

 private:
  template <class U>
  void put_as(std::size_t at, std::int64_t value) const {
    const auto low = static_cast<U>(value);
    std::memcpy(bytes_ + at * sizeof(U), &low, sizeof(U));
  }

  std::uint8_t* bytes_;
  std::size_t size_;
  std::size_t width_;
  std::int64_t least_;
  std::int64_t most_;
};

}  // namespace pith::loader
