// What differs between two models.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/compare_outputs.h"
#include "report/report.h"

namespace pith::report {

// A number of something in each model.
struct CountPair {
  std::string name;
  std::int64_t a = 0;
  std::int64_t b = 0;
};

// A declaration in each model, without its name; nullopt: that model has none of this name.
struct DeclarationPair {
  std::string name;
  std::optional<std::string> a;
  std::optional<std::string> b;
};

// A constant as a model has it.
struct ConstantEntry {
  std::string dtype;
  ir::Shape shape;
  std::string form;
  std::string coder;
  std::uint64_t bytes = 0;
};

// Constants of the same name.
struct TensorPair {
  std::string name;
  ConstantEntry a;
  ConstantEntry b;
  bool equal = false;                   // type, shape and bits of the values
  std::optional<double> max_abs_error;  // nullopt when shapes differ, or values are not finite, or no numbers
  std::optional<double> sqnr_db;        // nullopt likewise, and when there is no error or a is all zero
};

// Outputs on data.
struct OutputsEntry {
  std::string data;  // name of the file, or "synthetic"
  bool synthetic = false;
  bool optimizations = true;  // of ONNX Runtime
  engine::OutputComparison comparison;
};

struct CompareReport {
  Environment environment;
  Invocation invocation;
  FileEntry a;
  FileEntry b;
  ModelSize size_a;
  ModelSize size_b;

  bool same_graph = false;              // equal as ONNX messages, apart from the values of constants
  std::vector<CountPair> operators;     // those whose numbers of nodes differ
  std::vector<CountPair> opsets;        // domains whose versions differ; 0: not imported
  std::vector<DeclarationPair> inputs;  // those that differ
  std::vector<DeclarationPair> outputs;

  std::vector<TensorPair> tensors;  // in both
  std::vector<std::pair<std::string, ConstantEntry>> only_in_a;
  std::vector<std::pair<std::string, ConstantEntry>> only_in_b;

  std::optional<OutputsEntry> run;
  std::optional<double> tolerance;
  std::vector<std::string> left_out;  // what was not compared, and why

  [[nodiscard]] double ratio() const;  // bytes of a over bytes of b
  // The first output over the tolerance, as a sentence; empty when there is none, or no tolerance. With a
  // tolerance of 0, outputs must be equal bit for bit.
  [[nodiscard]] std::string exceeded() const;
};

// Everything that needs no data: sizes, graphs and tensors. Large tensors are unpacked one pair at a time.
[[nodiscard]] CompareReport compare(const ir::Model& a, Storage in_a, FileEntry file_a, const ir::Model& b,
                                    Storage in_b, FileEntry file_b, unsigned threads);

}  // namespace pith::report
