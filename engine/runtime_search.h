// Where an ONNX Runtime library may be.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace pith::engine {

// One place to look at.
struct RuntimePlace {
  std::string origin;                            // "--ort-lib", "PITH_ORT_LIB", "next to the executable", ...
  std::filesystem::path where;                   // the file or folder that this place means
  std::vector<std::filesystem::path> libraries;  // what is there to load, best first; may be empty
  bool required = false;                         // named by the user: if it fails, nothing else is tried
};

// The places in the order in which they are tried: the path given (a library, or a folder that holds one),
// PITH_ORT_LIB, next to the executable and in ../lib, the set-up cache, the loader path, and the active
// Python (VIRTUAL_ENV, CONDA_PREFIX). Looks at the file system, loads nothing.
[[nodiscard]] std::vector<RuntimePlace> runtime_places(const std::filesystem::path& given);

// The folder of the active Python environment; empty when none is active.
[[nodiscard]] std::filesystem::path active_python();

}  // namespace pith::engine
