#include "search/budget.h"

#include <fmt/core.h>

#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <utility>
#include <vector>

#include "passes/nearest.h"

namespace pith::search {
namespace {

Error refusal(std::string_view text, std::string why) {
  return {ErrorCode::usage, fmt::format("--budget {}: {}", text, why),
          "write drop=0.5pt, metric>=0.89, size=5MB or ratio=20x"};
}

struct Number {
  double value = 0;
  std::string_view unit;
};

std::optional<Number> parse_number(std::string_view text) {
  Number number;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number.value);
  if (error != std::errc() || !std::isfinite(number.value) || number.value < 0) return std::nullopt;
  number.unit = text.substr(static_cast<std::size_t>(end - text.data()));
  return number;
}

std::optional<double> bytes_of_unit(std::string_view unit) {
  constexpr std::array<std::pair<std::string_view, double>, 10> kUnits{{{"", 1},
                                                                        {"B", 1},
                                                                        {"kB", 1e3},
                                                                        {"KB", 1e3},
                                                                        {"MB", 1e6},
                                                                        {"GB", 1e9},
                                                                        {"KiB", 1024.0},
                                                                        {"MiB", 1048576.0},
                                                                        {"GiB", 1073741824.0},
                                                                        {"b", 1}}};
  for (const auto& [name, bytes] : kUnits) {
    if (unit == name) return bytes;
  }
  return std::nullopt;
}

}  // namespace

Result<Budget> Budget::parse(std::string_view text) {
  Budget budget;
  budget.text = text;
  const bool at_least = text.find(">=") != std::string_view::npos;
  const std::size_t sign = at_least ? text.find(">=") : text.find('=');
  if (sign == std::string_view::npos) return std::unexpected(refusal(text, "there is no '='"));
  const std::string_view key = text.substr(0, sign);
  const auto number = parse_number(text.substr(sign + (at_least ? 2 : 1)));
  if (!number) return std::unexpected(refusal(text, "the limit is no number from 0"));
  if (key == "metric" && at_least) {
    budget.kind = Kind::metric;
    if (!number->unit.empty()) return std::unexpected(refusal(text, "a metric has no unit"));
    budget.limit = number->value;
    return budget;
  }
  if (key == "metric" || at_least)
    return std::unexpected(refusal(text, "'>=' is for metric, and metric takes it"));
  if (key == "drop") {
    budget.kind = Kind::drop;
    budget.relative = number->unit == "%";
    if (!number->unit.empty() && number->unit != "pt" && number->unit != "%")
      return std::unexpected(refusal(text, fmt::format("'{}' is no unit of a drop", number->unit)));
    budget.limit = number->unit.empty() ? number->value : number->value / 100;
    return budget;
  }
  if (key == "size") {
    const auto bytes = bytes_of_unit(number->unit);
    if (!bytes) return std::unexpected(refusal(text, fmt::format("'{}' is no unit of a size", number->unit)));
    budget.kind = Kind::size;
    budget.limit = number->value * *bytes;
    return budget;
  }
  if (key == "ratio") {
    if (number->unit != "x" && !number->unit.empty())
      return std::unexpected(refusal(text, fmt::format("'{}' is no unit of a ratio", number->unit)));
    budget.kind = Kind::ratio;
    budget.limit = number->value;
    return budget;
  }
  return fail(ErrorCode::usage, fmt::format("--budget {}: unknown budget '{}'", text, key),
              passes::suggestion(key, std::vector<std::string>{"drop", "metric", "size", "ratio"}));
}

bool holds(const Budget& budget, const Cost& cost) {
  const double worse =
      cost.higher_is_better ? cost.original_metric - cost.metric : cost.metric - cost.original_metric;
  // Rates are quotients of counts; a limit that is met exactly is met.
  const double slack = 1e-9;
  switch (budget.kind) {
    case Budget::Kind::drop:
      return worse <= budget.limit * (budget.relative ? std::abs(cost.original_metric) : 1) + slack;
    case Budget::Kind::metric:
      return cost.higher_is_better ? cost.metric >= budget.limit - slack
                                   : cost.metric <= budget.limit + slack;
    case Budget::Kind::size:
      return static_cast<double>(cost.bytes) <= budget.limit;
    case Budget::Kind::ratio:
      return static_cast<double>(cost.bytes) * budget.limit <= static_cast<double>(cost.original_bytes);
  }
  throw InternalError("an unknown kind of budget");
}

}  // namespace pith::search
