// Options of a pass, declared once. From the declaration come parsing, range
// errors, `pith passes NAME`, docs/passes.md and the settings in the report.
//
//   struct Options {
//     double sparsity = 0.5;
//     Scope scope = Scope::layer;
//     static auto fields() {
//       return std::tuple{field("sparsity", &Options::sparsity, "share of weights set to zero", 0.0, 0.99),
//                         choice("scope", &Options::scope, "what is ranked together",
//                                {{"layer", Scope::layer}, {"global", Scope::global}})};
//     }
//   };
#pragma once

#include <charconv>
#include <concepts>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "ir/result.h"

namespace pith::passes {

// A key and its value as text, as in "bits=4".
struct Setting {
  std::string key;
  std::string value;
  bool operator==(const Setting&) const = default;
};

// What the documentation says of an option.
struct OptionInfo {
  std::string name;
  std::string help;
  std::string type;      // "integer", "number", "true or false", "choice"
  std::string range;     // "1..8", "layer|global"; empty when anything goes
  std::string standard;  // the default's text
};

template <class Owner, class T>
struct Field {
  std::string_view name;
  T Owner::* member;
  std::string_view help;
  T low{};
  T high{};
};

template <class Owner, class T>
struct Choice {
  std::string_view name;
  T Owner::* member;
  std::string_view help;
  std::vector<std::pair<std::string_view, T>> values;
};

template <class Owner, class T>
  requires std::integral<T> || std::floating_point<T>
[[nodiscard]] Field<Owner, T> field(std::string_view name, T Owner::* member, std::string_view help, T low,
                                    T high) {
  return {name, member, help, low, high};
}

template <class Owner>
[[nodiscard]] Field<Owner, bool> field(std::string_view name, bool Owner::* member, std::string_view help) {
  return {name, member, help, false, true};
}

template <class Owner, class T>
[[nodiscard]] Choice<Owner, T> choice(std::string_view name, T Owner::* member, std::string_view help,
                                      std::vector<std::pair<std::string_view, T>> values) {
  return {name, member, help, std::move(values)};
}

// For a pass without options.
struct NoOptions {
  static std::tuple<> fields() { return {}; }
};

namespace detail {

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

}  // namespace detail

// Every option with its value, in order of declaration.
template <class Options>
[[nodiscard]] std::vector<Setting> settings_of(const Options& options) {
  std::vector<Setting> settings;
  std::apply(
      [&](const auto&... f) { (settings.push_back({std::string(f.name), detail::print(f, options)}), ...); },
      Options::fields());
  return settings;
}

template <class Options>
[[nodiscard]] std::vector<OptionInfo> describe_options() {
  std::vector<OptionInfo> infos;
  const Options standard{};
  std::apply(
      [&](const auto&... f) {
        (infos.push_back({std::string(f.name), std::string(f.help), detail::type_of(f), detail::range_of(f),
                          detail::print(f, standard)}),
         ...);
      },
      Options::fields());
  return infos;
}

// Options from settings. Refuses unknown keys (naming the nearest), repeated keys, values of the wrong
// type and values out of range, with ErrorCode::usage.
template <class Options>
[[nodiscard]] Result<Options> parse_options(const std::vector<Setting>& settings) {
  Options options{};
  std::vector<std::string> known;
  std::apply([&](const auto&... f) { (known.emplace_back(f.name), ...); }, Options::fields());
  std::vector<std::string> seen;
  for (const Setting& setting : settings) {
    for (const std::string& earlier : seen) {
      if (earlier == setting.key)
        return fail(ErrorCode::usage, "option '" + setting.key + "' is given twice");
    }
    seen.push_back(setting.key);
    bool found = false;
    Result<void> assigned;
    std::apply(
        [&](const auto&... f) {
          ((f.name == setting.key ? (found = true, assigned = detail::assign(f, options, setting.value), 0)
                                  : 0),
           ...);
        },
        Options::fields());
    if (!found) return detail::unknown_option(setting.key, known);
    PITH_CHECK_OK(std::move(assigned));
  }
  return options;
}

}  // namespace pith::passes
