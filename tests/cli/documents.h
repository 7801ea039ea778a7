// What a command prints with --format json.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/json_schema.h"
#include "tests/support/run_command.h"

namespace pith::test {

// The one JSON document of stdout, which follows the schema of reports, or `part` of it.
inline nlohmann::json document(const CommandRun& run, const std::string& part = "") {
  nlohmann::json parsed = nlohmann::json::parse(run.out);
  CHECK(JsonSchema::of_reports().violations(parsed, part) == std::vector<std::string>{});
  return parsed;
}

}  // namespace pith::test
