#include "engine/dataset_spec.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <set>
#include <vector>

#include "passes/nearest.h"

namespace pith::engine {
namespace {

constexpr std::array kFormats{DataFormat::npz, DataFormat::npy, DataFormat::idx, DataFormat::synthetic};
constexpr std::uint64_t kMostSynthetic = 1'000'000;  // of n= and size=
const std::string kHint = "data is named as [FORMAT:]PATH[,key=value...], for example val.npz,scale=1/255";

Result<double> parse_number(std::string_view key, std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) {
    return fail(ErrorCode::usage, fmt::format("{}={} is not a number", key, text), kHint);
  }
  return value;
}

Result<double> parse_divisor(std::string_view key, std::string_view text) {
  PITH_TRY(const double value, parse_number(key, text));
  if (value == 0) return fail(ErrorCode::usage, fmt::format("{}={} would divide by zero", key, text), kHint);
  return value;
}

std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> parts;
  for (std::size_t start = 0; start <= text.size();) {
    const std::size_t end = std::min(text.find(',', start), text.size());
    parts.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  return parts;
}

// "npz:" and the like; a word before a colon that could only be a format must be one.
Result<std::optional<DataFormat>> take_format(std::string_view& text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0) return std::nullopt;
  const std::string_view word = text.substr(0, colon);
  if (!std::ranges::all_of(word, [](char c) { return (c >= 'a' && c <= 'z') || c == '-' || c == '_'; })) {
    return std::nullopt;
  }
  std::vector<std::string> known;
  for (const DataFormat format : kFormats) {
    if (word == name_of(format)) {
      text.remove_prefix(colon + 1);
      return format;
    }
    known.emplace_back(name_of(format));
  }
  return fail(ErrorCode::usage,
              fmt::format("'{}' is not a data format; {}", word, passes::suggestion(word, known)),
              "a path with a colon can be written as ./" + std::string(text));
}

struct KeyValue {
  std::string_view key;
  std::vector<std::string_view> values;  // split at commas
};

Result<std::vector<KeyValue>> parse_pairs(std::span<const std::string_view> parts) {
  std::vector<KeyValue> pairs;
  for (const std::string_view part : parts) {
    const std::size_t equals = part.find('=');
    if (equals != std::string_view::npos) {
      pairs.push_back({part.substr(0, equals), {part.substr(equals + 1)}});
    } else if (!pairs.empty() && (pairs.back().key == "mean" || pairs.back().key == "std")) {
      pairs.back().values.push_back(part);
    } else {
      return fail(ErrorCode::usage, fmt::format("expected key=value after a comma, not '{}'", part), kHint);
    }
  }
  return pairs;
}

Result<std::uint64_t> parse_count(std::string_view key, std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value == 0 || value > kMostSynthetic) {
    return fail(ErrorCode::usage,
                fmt::format("{}={} is no whole number from 1 to {}", key, text, kMostSynthetic));
  }
  return value;
}

Result<void> set_synthetic(DatasetSpec& spec, const KeyValue& pair) {
  if (pair.key == "n") {
    PITH_TRY(spec.synthetic.samples, parse_count(pair.key, pair.values.front()));
  } else if (pair.key == "size") {
    PITH_TRY(spec.synthetic.size, parse_count(pair.key, pair.values.front()));
  } else {
    const std::vector<std::string> known{"n", "size"};
    return fail(
        ErrorCode::usage,
        fmt::format("unknown key '{}' of synthetic data; {}", pair.key, passes::suggestion(pair.key, known)),
        "it is named as synthetic:n=16 or synthetic:n=16,size=32");
  }
  return {};
}

Result<void> set(DatasetSpec& spec, const KeyValue& pair) {
  if (spec.is_synthetic()) return set_synthetic(spec, pair);
  const std::string_view value = pair.values.front();
  if (value.empty()) return fail(ErrorCode::usage, fmt::format("{}= has no value", pair.key), kHint);
  Normalization& normalization = spec.normalization;
  if (pair.key == "labels") {
    spec.labels = value;
  } else if (pair.key == "input") {
    spec.input = value;
  } else if (pair.key == "scale") {
    const std::size_t slash = value.find('/');
    PITH_TRY(normalization.numerator, parse_divisor(pair.key, value.substr(0, slash)));
    if (slash != std::string_view::npos) {
      PITH_TRY(normalization.denominator, parse_divisor(pair.key, value.substr(slash + 1)));
    }
  } else if (pair.key == "mean") {
    for (const std::string_view text : pair.values) {
      PITH_TRY(const double number, parse_number(pair.key, text));
      normalization.mean.push_back(number);
    }
  } else if (pair.key == "std") {
    for (const std::string_view text : pair.values) {
      PITH_TRY(const double number, parse_divisor(pair.key, text));
      normalization.deviation.push_back(number);
    }
  } else {
    const std::vector<std::string> known{"labels", "input", "scale", "mean", "std"};
    return fail(ErrorCode::usage,
                fmt::format("unknown data key '{}'; {}", pair.key, passes::suggestion(pair.key, known)),
                kHint);
  }
  return {};
}

}  // namespace

std::string_view name_of(DataFormat format) {
  switch (format) {
    case DataFormat::npz:
      return "npz";
    case DataFormat::npy:
      return "npy";
    case DataFormat::idx:
      return "idx";
    case DataFormat::synthetic:
      return "synthetic";
  }
  throw InternalError("a data format without a name");
}

Result<DatasetSpec> DatasetSpec::parse(std::string_view text) {
  DatasetSpec spec;
  PITH_TRY(spec.format, take_format(text));
  std::vector<std::string_view> parts = split(text);
  if (spec.is_synthetic()) {
    if (text.empty()) parts.clear();
    parts.insert(parts.begin(), "synthetic");
  }
  if (parts.front().empty()) return fail(ErrorCode::usage, "no data file is named", kHint);
  spec.path = parts.front();
  PITH_TRY(const auto pairs, parse_pairs(std::span(parts).subspan(1)));
  std::set<std::string_view> seen;
  for (const KeyValue& pair : pairs) {
    if (!seen.insert(pair.key).second) {
      return fail(ErrorCode::usage, fmt::format("{}= is given twice", pair.key), kHint);
    }
    PITH_CHECK_OK(set(spec, pair));
  }
  return spec;
}

}  // namespace pith::engine
