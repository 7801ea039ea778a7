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

#include <string>
#include <tuple>
#include <vector>

#include "ir/result.h"
#include "passes/option_fields.h"
#include "passes/option_values.h"

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
