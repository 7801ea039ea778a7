// From a model in memory to files that are known to hold it.
#pragma once

#include <filesystem>
#include <limits>
#include <memory>
#include <optional>
#include <vector>

#include "cli/args.h"
#include "cli/data_files.h"
#include "cli/model_file.h"
#include "cli/output_file.h"

namespace pith::cli {

struct Target {
  std::filesystem::path path;
  ModelFormat format = ModelFormat::pith;
};

// A file as it will ship: written, read back, decoded, and found equal to what was meant.
struct Shipped {
  Target target;
  report::FileEntry entry;
  std::vector<report::FileEntry> data_entries;  // files of external data
  ir::Model model;
  std::optional<OutputFile> file;   // nullopt in a dry run
  std::unique_ptr<DataFiles> data;  // nullptr when the file holds everything

  [[nodiscard]] std::uint64_t total_bytes() const;
  // Gives every file its name; does nothing after a dry run.
  [[nodiscard]] Result<void> commit();
};

struct ShipOptions {
  bool dry_run = false;
  ExternalWeights external = ExternalWeights::automatic;
  std::uint64_t data_file_size = std::numeric_limits<std::uint64_t>::max();
  bool hash = false;  // the files, for a report in full
};
[[nodiscard]] ShipOptions ship_options(const Args& args);

// The targets that -o names, or in a dry run without -o a container. Refuses extensions that name no
// format, targets named twice, and what OutputFile::check_target refuses.
[[nodiscard]] Result<std::vector<Target>> check_targets(const Args& args);

// Writes, reads back, decodes, compares and syncs. In a dry run no file stays, and only weights that do not
// fit into an .onnx file touch the disk. A file that does not read back as meant is kept as TARGET.failed.
[[nodiscard]] Result<Shipped> ship(const ir::Model& model, const Target& target, const ShipOptions& options,
                                   std::vector<std::string>& notes);

// Writes one file of a command in the same careful way, without anything to compare but its bytes.
[[nodiscard]] Result<void> write_file(const std::filesystem::path& path, const ir::Pieces& pieces);
[[nodiscard]] Result<void> write_file(const std::filesystem::path& path, std::string text);

}  // namespace pith::cli
