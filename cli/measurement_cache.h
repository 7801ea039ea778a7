// Measurements of earlier runs, in files of the user's cache folder, so that a search that was interrupted
// goes on where it was. Only what running a model gives is kept; a result is measured anew in any case.
#pragma once

#include <filesystem>

#include "search/measurements.h"

namespace pith::cli {

// $PITH_CACHE_DIR/sensitivity, else $XDG_CACHE_HOME/pith/sensitivity, else ~/.cache/pith/sensitivity; empty
// when none of the variables names an absolute path.
[[nodiscard]] std::filesystem::path measurement_folder();

class MeasurementCache {
 public:
  // Remembers nothing.
  MeasurementCache() = default;
  // The file for measurements with this in common, in this folder (empty: remembers nothing). A file that is
  // damaged is left out with a warning. At most 64 files stay in the folder, those written last.
  MeasurementCache(const std::filesystem::path& folder, const engine::Digest& context);

  [[nodiscard]] std::optional<search::Measurement> find(const engine::Digest& key);
  // The file is replaced in one step. When it cannot be, that is said once and nothing is kept any more.
  void keep(const engine::Digest& key, const search::Measurement& measurement);

 private:
  std::filesystem::path file_;  // empty: remembers nothing
  search::Measurements known_;
  bool said_ = false;  // that measurements of an earlier run are used
};

// The processor as the system describes it, model and features: sums of floats differ between processors.
[[nodiscard]] std::string processor_description();

}  // namespace pith::cli
