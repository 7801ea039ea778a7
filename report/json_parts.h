// What the JSON documents have in common; for the files that write them.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "report/report.h"

namespace pith::report {

using Json = nlohmann::ordered_json;

inline constexpr const char* kSchemaVersion = "0.2.0";

template <class T>
[[nodiscard]] Json optional(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

// Indented, with a newline at its end.
[[nodiscard]] std::string text_of(const Json& json);

// The object "tool".
[[nodiscard]] Json tool();
[[nodiscard]] Json json_of(const FileEntry& file);
[[nodiscard]] Json json_of(const std::vector<FileEntry>& files);
[[nodiscard]] Json json_of(const ModelSize& size);
[[nodiscard]] Json json_of(const std::vector<TensorEntry>& tensors);
[[nodiscard]] Json json_of(const QualityEntry& quality);
[[nodiscard]] Json json_of(const Environment& environment);
[[nodiscard]] Json json_of(const Invocation& invocation);

// [{key: name, number: count}, ...]
[[nodiscard]] Json pairs(const std::vector<std::pair<std::string, std::uint64_t>>& rows, const char* key,
                         const char* number);

}  // namespace pith::report
