// What passes/options.h needs to print, parse and describe one option.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "ir/result.h"
#include "passes/option_fields.h"

namespace pith::passes::detail {

[[nodiscard]] std::string text_of(bool value);
[[nodiscard]] std::string text_of(std::int64_t value);
// The shortest text that reads back as the same number, in any locale.
[[nodiscard]] std::string text_of(double value);

[[nodiscard]] Result<void> parse(std::string_view key, std::string_view text, bool& value);
[[nodiscard]] Result<void> parse(std::string_view key, std::string_view text, std::int64_t& value);
[[nodiscard]] Result<void> parse(std::string_view key, std::string_view text, double& value);
[[nodiscard]] std::unexpected<Error> out_of_range(std::string_view key, std::string_view text,
                                                  std::string_view range);
[[nodiscard]] std::unexpected<Error> unknown_choice(std::string_view key, std::string_view text,
                                                    const std::vector<std::string>& known);
[[nodiscard]] std::unexpected<Error> unknown_option(std::string_view key,
                                                    const std::vector<std::string>& known);

template <class T>
using Wide = std::conditional_t<std::same_as<T, bool>, bool,
                                std::conditional_t<std::integral<T>, std::int64_t, double>>;

template <class Owner, class T>
std::string range_of(const Field<Owner, T>& f) {
  if constexpr (std::same_as<T, bool>) return "true|false";
  return text_of(static_cast<Wide<T>>(f.low)) + ".." + text_of(static_cast<Wide<T>>(f.high));
}

template <class Owner, class T>
std::string range_of(const Choice<Owner, T>& c) {
  std::string text;
  for (const auto& [name, value] : c.values) text += (text.empty() ? "" : "|") + std::string(name);
  return text;
}

template <class Owner, class T>
std::string print(const Field<Owner, T>& f, const Owner& options) {
  return text_of(static_cast<Wide<T>>(options.*f.member));
}

template <class Owner, class T>
std::string print(const Choice<Owner, T>& c, const Owner& options) {
  for (const auto& [name, value] : c.values) {
    if (value == options.*c.member) return std::string(name);
  }
  throw InternalError("an option holds a value that has no name");
}

template <class Owner, class T>
Result<void> assign(const Field<Owner, T>& f, Owner& options, std::string_view text) {
  Wide<T> value{};
  PITH_CHECK_OK(parse(f.name, text, value));
  if constexpr (!std::same_as<T, bool>) {
    if (!(value >= static_cast<Wide<T>>(f.low) && value <= static_cast<Wide<T>>(f.high))) {
      return out_of_range(f.name, text, range_of(f));
    }
  }
  options.*f.member = static_cast<T>(value);
  return {};
}

template <class Owner, class T>
Result<void> assign(const Choice<Owner, T>& c, Owner& options, std::string_view text) {
  std::vector<std::string> known;
  for (const auto& [name, value] : c.values) {
    if (name == text) {
      options.*c.member = value;
      return {};
    }
    known.emplace_back(name);
  }
  return unknown_choice(c.name, text, known);
}

template <class Owner, class T>
std::string type_of(const Field<Owner, T>&) {
  if constexpr (std::same_as<T, bool>) return "true or false";
  return std::integral<T> ? "integer" : "number";
}

template <class Owner, class T>
std::string type_of(const Choice<Owner, T>&) {
  return "choice";
}

}  // namespace pith::passes::detail
