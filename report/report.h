// What a command found out, ready to be shown as text or JSON. Every number is
// measured on the bytes that ship, decoded again. Rates are fractions, sizes bytes, times seconds.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ir/model.h"
#include "passes/observers.h"
#include "report/macs.h"
#include "report/quality.h"
#include "report/tensors.h"

namespace pith::report {

struct FileEntry {
  std::string name;  // of the file, without folders
  std::uint64_t bytes = 0;
  std::string sha256;
};

struct ModelSize {
  std::uint64_t bytes = 0;         // the file
  std::uint64_t weight_bytes = 0;  // all constants as stored in it
  std::uint64_t parameters = 0;    // elements of float constants
  std::uint64_t nodes = 0;         // in all graphs
  // Multiply-accumulates of the nodes that are known; nullopt when nodes need some and none is known.
  std::optional<std::uint64_t> macs;
};

struct Invocation {
  std::vector<std::string> argv;  // file names only, no folders
  double wall_s = 0;
  double cpu_s = 0;
  std::uint64_t peak_rss_bytes = 0;
  std::uint64_t seed = 0;
};

struct Environment {
  std::string onnxruntime;  // version, empty when it was not needed
  std::string platform;     // "Linux x86_64"
  unsigned threads = 1;
};

struct LayerPlanEntry {  // what a search found
  std::string name;
  double sensitivity = 0;  // divergence of the outputs when it alone is rounded
  std::string decision;
};

struct BudgetEntry {
  std::string budget;  // as given
  bool held = false;
};

struct CompressReport {
  std::string status = "done";
  int exit_code = 0;
  Environment environment;
  Invocation invocation;
  std::string pipeline;  // as given
  std::string resolved;  // with every option spelled out
  std::vector<FileEntry> inputs;
  std::vector<FileEntry> outputs;
  ModelSize before;
  ModelSize after;
  std::vector<passes::PassRecord> passes;
  std::vector<TensorEntry> tensors;
  std::optional<QualityEntry> quality;  // on the samples held out if there are such
  std::optional<HoldoutEntry> holdout;
  std::vector<LayerPlanEntry> layers;
  std::vector<BudgetEntry> budgets;
  std::uint64_t trials = 0;  // candidates that the search measured
  std::vector<std::string> warnings;
  std::string suggestion;  // one next command

  [[nodiscard]] double ratio() const;
};

struct EvaluateReport {
  FileEntry file;
  QualityEntry quality;
  Environment environment;
  Invocation invocation;
};

// Of `doctor`.
struct Fact {
  std::string name;
  std::string value;
  bool fine = true;
};

[[nodiscard]] ModelSize size_of(const ir::Model& model, Storage storage, std::uint64_t file_bytes,
                                const MacCount& macs);
// With what the declared shapes tell about multiply-accumulates.
[[nodiscard]] ModelSize size_of(const ir::Model& model, Storage storage, std::uint64_t file_bytes);

// Lower-case hexadecimal SHA-256.
[[nodiscard]] std::string sha256(std::span<const std::byte> bytes);
// The same; mapped bytes are released as they are read.
[[nodiscard]] std::string sha256_of(const ir::Buffer& bytes);

}  // namespace pith::report
