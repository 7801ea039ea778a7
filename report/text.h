// Reports for a person.
#pragma once

#include <string>

#include "report/compare.h"
#include "report/inspect.h"

namespace pith::report {

// How much of what was skipped is listed: nothing but a count, or each with its reason.
enum class Detail : unsigned char { summary, everything };

// Ends with sizes and ratio, quality, the three largest remaining tensors, warnings, and the suggested
// next command.
[[nodiscard]] std::string to_text(const CompressReport& report, Detail detail);
// Everything: all layers and tensors instead of the 20 largest, and what duplicates what.
[[nodiscard]] std::string to_text(const InspectReport& report, Detail detail);
[[nodiscard]] std::string to_text(const EvaluateReport& report);
// Everything: all tensors that differ in values or form instead of the 20 largest, and those of one model
// only.
[[nodiscard]] std::string to_text(const CompareReport& report, Detail detail);

// "1,067,271"
[[nodiscard]] std::string with_commas(std::uint64_t number);
// A rate as "89.85 %", another metric as its number.
[[nodiscard]] std::string quality_text(const QualityEntry& quality, double value);

}  // namespace pith::report
