// Errors as values for the loader, which shares no code with the rest of the
// program and lets no exception cross its functions.
#pragma once

#include <cstdint>
#include <expected>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace pith::loader {

enum class StatusCode : std::uint8_t {
  ok,
  damaged,        // not a container, or its bytes are not what was written
  unsupported,    // a version, feature, form or coder this loader does not know
  limit,          // would decode to more than the caller allows
  out_of_memory,  // an allocation failed
  unreadable,     // the system does not give the file's bytes
};

// A code and one sentence; the sentence is empty when the code is `ok`. Most sentences are texts of the
// program itself, so that a Status is mostly made, moved and dropped without a call.
class [[nodiscard]] Status {
 public:
  Status() = default;
  // Of a text that lives as long as the program.
  Status(StatusCode code, const char* text) : text_(text), code_(code) {}
  Status(StatusCode code, const std::string& text);
  Status(const Status& other);
  Status(Status&& other) noexcept
      : text_(std::exchange(other.text_, "")),
        code_(other.code_),
        owned_(std::exchange(other.owned_, false)) {}
  Status& operator=(Status other) noexcept {
    std::swap(text_, other.text_);
    std::swap(code_, other.code_);
    std::swap(owned_, other.owned_);
    return *this;
  }
  ~Status() {
    if (owned_) release(text_);
  }

  [[nodiscard]] bool ok() const { return code_ == StatusCode::ok; }
  [[nodiscard]] StatusCode code() const { return code_; }
  [[nodiscard]] std::string_view message() const { return text_; }

  // The same status with "where: " before its sentence.
  [[nodiscard]] Status in(std::string_view where) &&;

 private:
  static void release(const char* text) noexcept;

  const char* text_ = "";
  StatusCode code_ = StatusCode::ok;
  bool owned_ = false;  // the text, by this
};

template <class T>
using Expected = std::expected<T, Status>;

// Of a text that lives as long as the program.
[[nodiscard]] inline Status damaged(const char* text) {
  return {StatusCode::damaged, text};
}
[[nodiscard]] inline Status damaged(const std::string& text) {
  return {StatusCode::damaged, text};
}

// Needs no memory.
[[nodiscard]] inline Status out_of_memory() {
  return {StatusCode::out_of_memory, "out of memory"};
}

// "WHAT 'NAME'REST", for messages.
[[nodiscard]] std::string quoted(std::string_view what, std::string_view name, std::string_view rest = {});

// Calls `function`, which returns an Expected<T> or a Status, and turns an
// exception of the standard library (only allocation can throw) into one.
template <class Function>
[[nodiscard]] auto guarded(Function&& function) noexcept -> decltype(function()) {
  using Returned = decltype(function());
  try {
    return std::forward<Function>(function)();
  } catch (const std::exception&) {
    if constexpr (std::is_same_v<Returned, Status>) {
      return out_of_memory();
    } else {
      return std::unexpected(out_of_memory());
    }
  }
}

}  // namespace pith::loader

#define PITH_LOADER_CONCAT_(a, b) a##b
#define PITH_LOADER_CONCAT(a, b) PITH_LOADER_CONCAT_(a, b)
#define PITH_LOADER_TRY_(result, declaration, ...)                    \
  auto result = (__VA_ARGS__);                                        \
  if (!result) return ::std::unexpected(::std::move(result).error()); \
  declaration = ::std::move(*result)

// PITH_LOADER_TRY(auto x, f());   x is the value of f(), or its error is returned.
#define PITH_LOADER_TRY(declaration, ...) \
  PITH_LOADER_TRY_(PITH_LOADER_CONCAT(pith_loader_try_, __LINE__), declaration, __VA_ARGS__)
