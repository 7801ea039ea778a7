// What each layer of a model costs when it alone is rounded.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "report/report.h"

namespace pith::report {

struct LayerCost {
  std::string name;  // of the tensor
  std::string kind;  // "product", "convolution", "transposed", "recurrence" or "values"
  std::uint64_t weights = 0;
  double bits_per_weight = 0;  // that it was rounded to
  double divergence = 0;       // of the outputs
  std::optional<double> metric;
  std::optional<double> drop;  // of the metric, positive when it is worse
};

struct SensitivityReport {
  FileEntry file;
  std::string calibration;  // file of the data that divergences are measured on
  bool synthetic = false;
  std::optional<QualityEntry> original;  // the metric of the model as it is
  std::vector<LayerCost> layers;         // in the order of the model
  Environment environment;
  Invocation invocation;

  [[nodiscard]] double divergence() const;  // of all layers, summed
  [[nodiscard]] std::uint64_t weights() const;
  // The layers that are worth keeping as they are: those that take at least kLeastShare of the summed
  // divergence, and at least twice as much of it as of the weights. Most sensitive first.
  [[nodiscard]] std::vector<const LayerCost*> suggested() const;

  static constexpr double kLeastShare = 0.1;
};

// A regular expression that finds this name and no other.
[[nodiscard]] std::string pattern_of(const std::string& name);

[[nodiscard]] std::string to_json(const SensitivityReport& report);
// All layers, or the 20 most sensitive ones.
[[nodiscard]] std::string to_text(const SensitivityReport& report, bool all);

}  // namespace pith::report
