// Model files, .onnx and .pith alike.
#pragma once

#include <filesystem>
#include <future>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/args.h"
#include "ir/model.h"
#include "ir/onnx/external_writer.h"
#include "ir/pieces.h"
#include "report/report.h"

namespace pith::cli {

enum class ModelFormat : unsigned char { onnx, pith };

[[nodiscard]] constexpr report::Storage storage_of(ModelFormat format) {
  return format == ModelFormat::onnx ? report::Storage::onnx : report::Storage::container;
}

struct ModelFile {
  std::filesystem::path path;
  ModelFormat format = ModelFormat::onnx;
  ir::Buffer bytes;
  ir::Model model;
  std::uint64_t total_bytes = 0;                                // with the files of external data
  std::vector<std::pair<std::string, std::uint64_t>> external;  // those files and their bytes
  std::shared_future<std::string> sha256;  // of `bytes`, computed beside other work if asked for

  [[nodiscard]] std::string name() const { return path.filename().string(); }
  // What a report says of the file; waits for the hash, which is empty when it was not asked for.
  [[nodiscard]] report::FileEntry entry() const {
    return {name(), total_bytes, sha256.valid() ? sha256.get() : std::string()};
  }
  [[nodiscard]] bool has_external_data() const { return !external.empty(); }
};

struct LoadOptions {
  std::filesystem::path data_root = {};     // see ir::onnx::DataFolder
  std::filesystem::path spill_folder = {};  // for models too large for the memory; empty: the system's
  bool hash = false;                        // the file, for a report in full
  unsigned threads = 0;                     // 0: one a core
};
// --data-root, --threads, whether a report in full is asked for, and the folder of the first output.
[[nodiscard]] LoadOptions load_options(const Args& args);

// The model in a file; its format is told from its first bytes. Refuses what is no model. From a model of
// 90 MiB on, large tensors that the command makes are kept on the disk (Buffer::spill_to).
[[nodiscard]] Result<ModelFile> load_model(const std::filesystem::path& path,
                                           const LoadOptions& options = {});

// The file's model, in that operator set if one is given; its weights are shared. Refuses, naming the file,
// what cannot be converted exactly.
[[nodiscard]] Result<ir::Model> with_opset(const ModelFile& file, std::optional<std::int64_t> opset);

// The format that an output's extension asks for; refuses others than .onnx and .pith.
[[nodiscard]] Result<ModelFormat> format_of_output(const std::filesystem::path& path);

// The file of this format; `notes` gets what the format could not hold, `external` (may be nullptr) the
// weights of an .onnx file.
[[nodiscard]] Result<ir::Pieces> encode_model(const ir::Model& model, ModelFormat format,
                                              ir::onnx::ExternalWriter* external,
                                              std::vector<std::string>& notes);

// The model in the bytes of a file of this format, with these files of external data.
[[nodiscard]] Result<ir::Model> decode_model(const ir::Buffer& bytes, ModelFormat format,
                                             std::map<std::string, ir::Buffer> data_files = {},
                                             unsigned threads = 0);

// The bytes of a plain ONNX model that a runtime runs.
[[nodiscard]] Result<ir::Buffer> runnable(const ir::Model& model);
// The same for a file; an ONNX file without external data is run as it is.
[[nodiscard]] Result<ir::Buffer> runnable(const ModelFile& file);

// Refuses (ErrorCode::self_check) a difference in the graph or in any bit of a weight.
[[nodiscard]] Result<void> check_equal(const ir::Model& meant, const ir::Model& shipped);

}  // namespace pith::cli
