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

// A code and one sentence; the sentence is empty when the code is `ok`.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(StatusCode code, std::string message) : code_(code), message_(std::move(message)) {}

  [[nodiscard]] bool ok() const { return code_ == StatusCode::ok; }
  [[nodiscard]] StatusCode code() const { return code_; }
  [[nodiscard]] const std::string& message() const { return message_; }

  // The same status with "where: " before its sentence.
  [[nodiscard]] Status in(std::string_view where) && {
    message_.insert(0, std::string(where) + ": ");
    return std::move(*this);
  }

 private:
  StatusCode code_ = StatusCode::ok;
  std::string message_;
};

template <class T>
using Expected = std::expected<T, Status>;

[[nodiscard]] inline Status damaged(std::string message) {
  return {StatusCode::damaged, std::move(message)};
}

// Calls `function`, which returns an Expected<T> or a Status, and turns an
// exception of the standard library (only allocation can throw) into one.
template <class Function>
[[nodiscard]] auto guarded(Function&& function) noexcept -> decltype(function()) {
  using Returned = decltype(function());
  const auto out_of_memory = [] { return Status(StatusCode::out_of_memory, "out of memory"); };
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
