// A file that appears under its name only when it is complete: written beside
// it, read back, synced, then renamed. Until commit() what was there stays.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "ir/file_descriptor.h"
#include "ir/pieces.h"

namespace pith::cli {

enum class Overwrite : unsigned char { no, yes };

// The folder of a path, "." for a bare name.
[[nodiscard]] std::filesystem::path folder_of(const std::filesystem::path& path);

class OutputFile {
 public:
  // Refuses, before any work is done: a folder that does not exist, a target that is a folder, a link or
  // no regular file, one of the `inputs` by any name, and an existing file without Overwrite::yes.
  [[nodiscard]] static Result<void> check_target(const std::filesystem::path& target, Overwrite overwrite,
                                                 std::span<const std::filesystem::path> inputs);

  // Writes the pieces to a temporary file in the target's folder: create(), append() of each. Refuses, with
  // ErrorCode::environment, a full disk, a folder without permission and the like; so do the functions below.
  [[nodiscard]] static Result<OutputFile> write(const std::filesystem::path& target,
                                                const ir::Pieces& pieces);

  [[nodiscard]] static Result<OutputFile> create(const std::filesystem::path& target);
  // Mapped bytes are released when they are written. The disk begins to write at once.
  [[nodiscard]] Result<void> append(const ir::Buffer& piece);
  // Sets the permissions and waits for the disk; nothing can be appended any more.
  [[nodiscard]] Result<void> sync();
  // Another name in the same folder, for a file whose name depends on what was written.
  void rename_target(const std::string& name) { target_.replace_filename(name); }

  OutputFile(OutputFile&& other) noexcept;
  OutputFile& operator=(OutputFile&&) = delete;
  // Removes the temporary file if it was neither committed nor kept.
  ~OutputFile();

  // The bytes that were written.
  [[nodiscard]] Result<ir::Buffer> read_back() const;

  // Gives the file its name, after sync() if that was not called; what had the name is replaced in one step.
  [[nodiscard]] Result<void> commit();

  // Keeps the file as TARGET.failed for an inspection, and returns that name.
  [[nodiscard]] std::string keep_as_failed();

  [[nodiscard]] const std::filesystem::path& target() const { return target_; }

 private:
  OutputFile(std::filesystem::path target, std::filesystem::path temporary, ir::FileDescriptor file)
      : target_(std::move(target)), temporary_(std::move(temporary)), file_(std::move(file)) {}

  std::filesystem::path target_;
  std::filesystem::path temporary_;  // empty when there is nothing left to remove
  ir::FileDescriptor file_;          // closed by sync()
  std::int64_t size_ = 0;
  std::int64_t handed_over_ = 0;  // bytes that the disk was told to write
};

}  // namespace pith::cli
