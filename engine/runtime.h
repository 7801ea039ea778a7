// ONNX Runtime: found and loaded at run time, once a process, when a command first needs it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "ir/result.h"

namespace pith::engine {

struct RuntimeInfo {
  std::filesystem::path path;  // the library that was loaded
  std::string version;         // as it says itself: "1.31.1"
};

// A place that was looked at, and what came of it: "loaded 1.31.1", "not there", "too old: 1.14.0", ...
struct PlaceTried {
  std::string origin;
  std::filesystem::path where;
  std::string outcome;
};

// A handle of the loaded library; cheap to copy, valid until the process ends.
class Runtime {
 public:
  // Loads the library from the first of runtime_places() that has one of version 1.17 or newer, with its
  // telemetry and its log messages off. The first success is kept: later calls return it whatever path
  // they name. Refuses (ErrorCode::environment) when there is none, or the one named by the user fails.
  [[nodiscard]] static Result<Runtime> load(const std::filesystem::path& given = {});

  [[nodiscard]] const RuntimeInfo& info() const;

  struct Library;  // engine/ort.h
  [[nodiscard]] Library& library() const { return *library_; }

 private:
  explicit Runtime(Library& library) : library_(&library) {}

  Library* library_;
};

// What `doctor` shows about the runtime: the outcome of load() and every place tried for it.
struct RuntimeFacts {
  Result<RuntimeInfo> runtime;
  std::vector<PlaceTried> tried;
  std::filesystem::path python;  // folder of the active Python environment, or empty
};
[[nodiscard]] RuntimeFacts examine_runtime(const std::filesystem::path& given = {});

}  // namespace pith::engine
