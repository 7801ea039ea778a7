// Reports as JSON, with the field names of the command line's contract
// (docs/report.schema.json).
#pragma once

#include <span>
#include <string>

#include "ir/result.h"
#include "passes/registry.h"
#include "report/compare.h"
#include "report/inspect.h"

namespace pith::report {

// Indented JSON that ends with a newline.
[[nodiscard]] std::string to_json(const CompressReport& report);
[[nodiscard]] std::string to_json(const InspectReport& report);
[[nodiscard]] std::string to_json(const EvaluateReport& report);
[[nodiscard]] std::string to_json(const CompareReport& report);

[[nodiscard]] std::string to_json(std::span<const passes::PassRegistry::Entry* const> passes);
[[nodiscard]] std::string to_json(std::span<const Fact> facts);
// Files made of a file, without more to say.
[[nodiscard]] std::string to_json(const FileEntry& input, const std::vector<FileEntry>& outputs);

// {"error":{"code","message","hint"}}; `code` is the name of the error's kind.
[[nodiscard]] std::string to_json(const Error& error);

}  // namespace pith::report
