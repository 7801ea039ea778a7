// What a model is made of.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "report/layers.h"
#include "report/report.h"

namespace pith::report {

struct OperatorEntry {
  std::string name;
  std::uint64_t count = 0;  // nodes in all graphs
  std::uint64_t bytes = 0;  // of constants that belong to them, see layers_of
  std::uint64_t parameters = 0;
  std::uint64_t macs = 0;  // of those that are known
};

// The constants of one type, form and coder.
struct StorageEntry {
  std::string dtype;
  std::string form;
  std::string coder;
  std::uint64_t tensors = 0;
  std::uint64_t elements = 0;
  std::uint64_t bytes = 0;
};

// The data that the model was run on.
struct DataEntry {
  std::string name;                 // of the file
  std::vector<std::string> arrays;  // "images uint8 [10000,28,28]"
  bool synthetic = false;
};

struct InspectReport {
  FileEntry file;
  std::vector<std::pair<std::string, std::uint64_t>> external;  // files of external data and their bytes
  Storage storage = Storage::onnx;
  std::int64_t ir_version = 0;
  std::vector<std::pair<std::string, std::int64_t>> opsets;
  std::vector<std::pair<std::string, std::uint64_t>> domains;  // of the nodes, and how many are of each
  ModelSize size;
  MacCount macs;
  std::vector<OperatorEntry> operators;                      // most frequent first
  std::vector<std::pair<std::string, std::uint64_t>> types;  // element type and bytes of its constants
  std::vector<StorageEntry> forms;                           // most bytes first
  std::vector<LayerEntry> layers;
  std::vector<std::string> inputs;  // "input float32 [batch,1,28,28]"
  std::vector<std::string> outputs;
  std::vector<TensorEntry> tensors;
  std::uint64_t duplicate_bytes = 0;
  std::optional<DataEntry> data;               // whose shapes `macs` counts with
  std::optional<std::uint64_t> entropy_bytes;  // of all tensors, each at its own entropy; without tables
};

// "x float32 [N,4]"
[[nodiscard]] std::string declaration(const ir::Value& value);

// `observed`: types that values had when the model was run, or nothing.
[[nodiscard]] InspectReport inspect(const ir::Model& model, Storage storage, FileEntry file,
                                    const MeasureOptions& options = {}, const TypeLookup& observed = {});

}  // namespace pith::report
