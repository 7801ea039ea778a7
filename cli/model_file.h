// Model files, .onnx and .pith alike.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ir/model.h"
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
  report::FileEntry entry;
  std::uint64_t total_bytes = 0;                                // with the files of external data
  std::vector<std::pair<std::string, std::uint64_t>> external;  // those files and their bytes

  [[nodiscard]] bool has_external_data() const { return !external.empty(); }
};

// The model in a file; its format is told from its first bytes. Refuses what is no model.
[[nodiscard]] Result<ModelFile> load_model(const std::filesystem::path& path);

// The file's model, in that operator set if one is given; its weights are shared. Refuses, naming the file,
// what cannot be converted exactly.
[[nodiscard]] Result<ir::Model> with_opset(const ModelFile& file, std::optional<std::int64_t> opset);

// The format that an output's extension asks for; refuses others than .onnx and .pith.
[[nodiscard]] Result<ModelFormat> format_of_output(const std::filesystem::path& path);

// The bytes of a file of this format; `notes` gets what the format could not hold.
[[nodiscard]] Result<ir::Buffer> encode_model(const ir::Model& model, ModelFormat format,
                                              std::vector<std::string>& notes);

// The model in the bytes of a file of this format.
[[nodiscard]] Result<ir::Model> decode_model(const ir::Buffer& bytes, ModelFormat format);

// The bytes of a plain ONNX model that a runtime runs.
[[nodiscard]] Result<ir::Buffer> runnable(const ir::Model& model);
// The same for a file; an ONNX file without external data is run as it is.
[[nodiscard]] Result<ir::Buffer> runnable(const ModelFile& file);

// Refuses (ErrorCode::self_check) a difference in the graph or in any bit of a weight.
[[nodiscard]] Result<void> check_equal(const ir::Model& meant, const ir::Model& shipped);

}  // namespace pith::cli
