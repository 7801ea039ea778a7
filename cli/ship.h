// From a model in memory to files that are known to hold it.
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "cli/args.h"
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
  ir::Model model;
  std::optional<OutputFile> file;  // nullopt in a dry run
};

// The targets that -o names, or in a dry run without -o a container. Refuses extensions that name no
// format, targets named twice, and what OutputFile::check_target refuses.
[[nodiscard]] Result<std::vector<Target>> check_targets(const Args& args);

// Writes, syncs, reads back, decodes and compares. In a dry run nothing touches the disk. A file that does
// not read back as meant is kept as TARGET.failed.
[[nodiscard]] Result<Shipped> ship(const ir::Model& model, const Target& target, bool dry_run,
                                   std::vector<std::string>& notes);

// Writes one file of a command in the same careful way, without anything to compare but its bytes.
[[nodiscard]] Result<void> write_file(const std::filesystem::path& path, std::span<const std::byte> bytes);

}  // namespace pith::cli
