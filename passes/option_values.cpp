#include "passes/option_values.h"

#include <fmt/core.h>

#include <charconv>

#include "passes/nearest.h"

namespace pith::passes::detail {
namespace {

std::unexpected<Error> not_a(std::string_view key, std::string_view text, std::string_view kind) {
  return fail(ErrorCode::usage, fmt::format("option '{}': '{}' is not {}", key, text, kind));
}

template <class T>
bool read_number(std::string_view text, T& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

std::string text_of(bool value) {
  return value ? "true" : "false";
}
std::string text_of(std::int64_t value) {
  return fmt::format("{}", value);
}
std::string text_of(double value) {
  return fmt::format("{}", value);
}

Result<void> parse(std::string_view key, std::string_view text, bool& value) {
  if (text != "true" && text != "false") return not_a(key, text, "true or false");
  value = text == "true";
  return {};
}

Result<void> parse(std::string_view key, std::string_view text, std::int64_t& value) {
  if (!read_number(text, value)) return not_a(key, text, "an integer");
  return {};
}

Result<void> parse(std::string_view key, std::string_view text, double& value) {
  if (!read_number(text, value)) return not_a(key, text, "a number");
  return {};
}

std::unexpected<Error> out_of_range(std::string_view key, std::string_view text, std::string_view range) {
  return fail(ErrorCode::usage, fmt::format("option '{}': {} is outside of {}", key, text, range));
}

std::unexpected<Error> unknown_choice(std::string_view key, std::string_view text,
                                      const std::vector<std::string>& known) {
  return fail(ErrorCode::usage, fmt::format("option '{}': unknown value '{}'", key, text),
              suggestion(text, known));
}

std::unexpected<Error> unknown_option(std::string_view key, const std::vector<std::string>& known) {
  if (known.empty())
    return fail(ErrorCode::usage, fmt::format("unknown option '{}'", key), "the pass has no options");
  return fail(ErrorCode::usage, fmt::format("unknown option '{}'", key), suggestion(key, known));
}

}  // namespace pith::passes::detail
