// Data that a flag names.
#pragma once

#include <string>

#include "cli/args.h"
#include "engine/dataset.h"

namespace pith::cli {

struct NamedData {
  engine::Dataset data;
  std::string name;        // of the file, without folders
  bool synthetic = false;  // made up, from --seed
};

// Refuses what DatasetSpec::parse and Dataset::open refuse.
[[nodiscard]] Result<NamedData> open_data(const std::string& spec, const Args& args);

}  // namespace pith::cli
