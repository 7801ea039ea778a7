// Files beside an .onnx file that hold its weights.
#pragma once

#include <xxhash.h>

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cli/output_file.h"
#include "ir/onnx/external_writer.h"
#include "report/report.h"

namespace pith::cli {

// Writes them as temporary files in the model's folder. A file is named after the model and its own contents,
// MODEL.0123456789abcdef.data: a model that is overwritten keeps its old data until the new model is in
// place, and equal weights give an equal name.
class DataFiles final : public ir::onnx::ExternalWriter {
 public:
  // Files of at most `largest` bytes, except that a tensor is never split.
  DataFiles(std::filesystem::path model, std::uint64_t largest)
      : model_(std::move(model)), largest_(largest) {}

  // Tensors below 1 KiB stay in the model's own file. Offsets are multiples of 64, of 4,096 for 1 MiB and
  // more.
  [[nodiscard]] std::optional<Place> put(const ir::Tensor& tensor) override;
  [[nodiscard]] Result<std::vector<std::string>> finish() override;

  // After finish(): the files by location, mapped from what was written, and what a report says of them.
  [[nodiscard]] Result<std::map<std::string, ir::Buffer>> read_back() const;
  [[nodiscard]] std::vector<report::FileEntry> entries(bool hash) const;
  // Waits for the disk.
  [[nodiscard]] Result<void> sync();
  // Gives the files their names.
  [[nodiscard]] Result<void> commit();

 private:
  struct File {
    OutputFile output;
    std::uint64_t size = 0;
    XXH64_state_t hash{};
  };

  Result<File*> file_for(std::uint64_t bytes);
  static Result<void> append(File& file, const ir::Buffer& bytes);

  std::filesystem::path model_;
  std::uint64_t largest_;
  std::deque<File> files_;
  Result<void> status_;
};

}  // namespace pith::cli
