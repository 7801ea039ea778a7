// The command line as data. args.cpp is the only file that knows CLI11.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ir/result.h"

namespace pith::cli {

enum class Format : std::uint8_t { human, json, quiet };
enum class ProgressKind : std::uint8_t { automatic, bar, plain, json, none };
enum class Color : std::uint8_t { automatic, always, never };

// When the weights of an .onnx output lie in files of their own.
enum class ExternalWeights : std::uint8_t {
  automatic,  // when the model would not fit into one file
  always,
  never,
};

struct Args {
  std::string command;  // "compress"; empty when `text` answers
  std::string text;     // help or version to print instead of running a command

  std::string model;
  std::string other;  // of `compare`
  std::vector<std::string> outputs;
  bool force = false;
  bool dry_run = false;
  std::optional<std::string> pipeline;
  std::string recipe;
  std::string preset;
  std::string codec;  // "auto", "huffman", "fast" or "small"; empty: as the pipeline says
  std::string calib;
  std::string eval;
  std::string data;  // of `inspect`
  std::string metric;
  std::vector<std::string> budgets;
  std::optional<double> holdout;  // share of the samples of --eval that the search does not see
  std::uint64_t max_samples = 0;  // 0: all
  std::string reference;
  bool no_cache = false;
  std::vector<std::string> include;
  std::vector<std::string> exclude;
  std::string report;
  std::string ort_lib;
  std::string data_root;
  ExternalWeights external_weights = ExternalWeights::automatic;
  std::uint64_t data_file_size = 0;  // 0: no limit
  std::uint64_t seed = 0;
  bool strict = false;
  bool no_entropy = false;
  std::optional<double> tolerance;
  bool ort_optimizations = true;
  std::optional<std::int64_t> opset;  // of the result
  bool list = false;
  std::string extract;
  std::string pass;  // of `pith passes NAME`

  Format format = Format::human;
  ProgressKind progress = ProgressKind::automatic;
  Color color = Color::automatic;
  unsigned threads = 0;  // 0: one a core
  int verbosity = 0;
  bool quiet = false;

  std::vector<std::string> argv;  // as typed

  // Whether a report in full is asked for, with hashes and statistics; a summary shows neither.
  [[nodiscard]] bool full_report() const { return format == Format::json || !report.empty(); }
};

// Refuses unknown commands and flags (naming the nearest), missing and bad values, with ErrorCode::usage.
[[nodiscard]] Result<Args> parse_args(int argc, const char* const* argv);

}  // namespace pith::cli
