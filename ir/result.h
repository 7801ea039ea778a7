// Errors as values. Every function that touches a file or a user's input
// returns Result<T>; broken invariants throw InternalError instead.
#pragma once

#include <cstdint>
#include <expected>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace pith {

// What kind of thing went wrong. The command line maps each to an exit code.
enum class ErrorCode : std::uint8_t {
  usage,        // flags, pipeline text, options
  model,        // model or container unreadable, invalid or unsupported
  data,         // calibration or evaluation data unreadable, or it does not fit the model
  environment,  // no ONNX Runtime, no disk, no permission, out of memory
  not_smaller,  // the result is not smaller than the input
  self_check,   // our own output did not read back as what was meant
  terminated,   // SIGTERM: stopped, may be retried
  interrupted,  // SIGINT
  internal,     // a bug of ours; only main makes it, from an InternalError
};

// One sentence for the user. `in` adds where it happened, outermost last:
//   Error(model, "...").in("weight").in("node 'conv_3'").in("model.onnx")
// reads "model.onnx: node 'conv_3': weight: ...".
class Error {
 public:
  Error(ErrorCode code, std::string message, std::string hint = {})
      : code_(code), message_(std::move(message)), hint_(std::move(hint)) {}

  [[nodiscard]] Error in(std::string_view where) && {
    message_.insert(0, std::string(where) + ": ");
    return std::move(*this);
  }

  [[nodiscard]] ErrorCode code() const { return code_; }
  [[nodiscard]] const std::string& message() const { return message_; }
  // What the user can do about it; may be empty.
  [[nodiscard]] const std::string& hint() const { return hint_; }

 private:
  ErrorCode code_;
  std::string message_;
  std::string hint_;
};

template <class T>
using Result = std::expected<T, Error>;

[[nodiscard]] inline std::unexpected<Error> fail(ErrorCode code, std::string message, std::string hint = {}) {
  return std::unexpected(Error(code, std::move(message), std::move(hint)));
}

// A bug of ours, not of the input. Caught in main only.
class InternalError : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

[[noreturn]] void throw_internal_error(const char* condition, const char* message, const char* file,
                                       int line);

}  // namespace pith

// Active in every build.
#define PITH_ASSERT(condition, message) \
  (static_cast<bool>(condition)         \
       ? static_cast<void>(0)           \
       : ::pith::throw_internal_error(#condition, message, __FILE_NAME__, __LINE__))

#define PITH_CONCAT_(a, b) a##b
#define PITH_CONCAT(a, b) PITH_CONCAT_(a, b)
#define PITH_TRY_(result, declaration, ...)                           \
  auto result = (__VA_ARGS__);                                        \
  if (!result) return ::std::unexpected(::std::move(result).error()); \
  declaration = ::std::move(*result)

// PITH_TRY(auto x, f());   x is the value of f(), or its error is returned.
#define PITH_TRY(declaration, ...) PITH_TRY_(PITH_CONCAT(pith_try_, __LINE__), declaration, __VA_ARGS__)

// PITH_CHECK_OK(f());      for a Result<void>.
#define PITH_CHECK_OK(...)                                       \
  do {                                                           \
    if (auto pith_check = (__VA_ARGS__); !pith_check)            \
      return ::std::unexpected(::std::move(pith_check).error()); \
  } while (false)
