#include "cli/model_file.h"

#include <fmt/core.h>

#include <algorithm>
#include <future>

#include "codec/pith_file.h"
#include "ir/onnx/convert_opset.h"
#include "ir/onnx/read.h"
#include "ir/onnx/write.h"
#include "loader/format.h"

namespace pith::cli {
namespace {

bool is_container(const ir::Buffer& bytes) {
  const auto magic = std::as_bytes(std::span(loader::kMagic));
  return bytes.size() >= magic.size() && std::ranges::equal(bytes.bytes().first(magic.size()), magic);
}

std::filesystem::path folder_of(const std::filesystem::path& path) {
  return path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
}

}  // namespace

Result<ModelFile> load_model(const std::filesystem::path& path) {
  ModelFile file;
  file.path = path;
  PITH_TRY(file.bytes, ir::Buffer::map_file(path));
  file.total_bytes = file.bytes.size();
  // Hashing takes about as long as reading.
  auto digest = std::async([bytes = file.bytes] { return report::sha256(bytes.bytes()); });
  Result<ir::Model> model;
  if (is_container(file.bytes)) {
    file.format = ModelFormat::pith;
    model = codec::from_pith(file.bytes);
  } else {
    ir::onnx::ReadOptions options;
    options.data_folder = folder_of(path);
    options.opened = [&](const std::string& location, std::uint64_t bytes) {
      file.total_bytes += bytes;
      file.external.emplace_back(location, bytes);
    };
    model = ir::onnx::read(file.bytes, options);
  }
  const std::string name = path.filename().string();
  if (!model) return std::unexpected(std::move(model).error().in(name));
  file.model = *std::move(model);
  file.entry = {name, file.total_bytes, digest.get()};
  return file;
}

Result<ModelFormat> format_of_output(const std::filesystem::path& path) {
  if (path.extension() == ".onnx") return ModelFormat::onnx;
  if (path.extension() == ".pith") return ModelFormat::pith;
  return fail(ErrorCode::usage, fmt::format("'{}' ends in neither .pith nor .onnx", path.filename().string()),
              "the extension of -o chooses the format");
}

Result<ir::Buffer> encode_model(const ir::Model& model, ModelFormat format, std::vector<std::string>& notes) {
  if (format == ModelFormat::pith) return codec::to_pith(model);
  PITH_TRY(auto written, ir::onnx::write(model, {.weights = ir::onnx::Weights::carriers, .leave_out = {}}));
  notes.insert(notes.end(), written.notes.begin(), written.notes.end());
  return ir::Buffer::own(std::move(written.bytes));
}

Result<ir::Model> decode_model(const ir::Buffer& bytes, ModelFormat format) {
  return format == ModelFormat::pith ? codec::from_pith(bytes) : ir::onnx::read(bytes);
}

Result<ir::Model> with_opset(const ModelFile& file, std::optional<std::int64_t> opset) {
  if (!opset) return file.model;
  auto converted = ir::onnx::convert_opset(file.model, *opset);
  if (!converted && converted.error().code() == ErrorCode::model)
    return std::unexpected(std::move(converted).error().in(file.entry.name));
  return converted;
}

Result<ir::Buffer> runnable(const ir::Model& model) {
  PITH_TRY(auto written, ir::onnx::write(model));
  return ir::Buffer::own(std::move(written.bytes));
}

Result<ir::Buffer> runnable(const ModelFile& file) {
  if (file.format == ModelFormat::onnx && !file.has_external_data()) return file.bytes;
  return runnable(file.model);
}

Result<void> check_equal(const ir::Model& meant, const ir::Model& shipped) {
  const auto refuse = [](std::string what) {
    return fail(ErrorCode::self_check, std::move(what),
                "this is a bug; please report it with the .failed file");
  };
  // The graphs as plain ONNX without weights, then the weights one by one: never all of them twice.
  const ir::onnx::WriteOptions without_weights{.weights = ir::onnx::Weights::dense,
                                               .leave_out = [](const ir::Constant&) { return true; }};
  PITH_TRY(const auto a, ir::onnx::write(meant, without_weights));
  PITH_TRY(const auto b, ir::onnx::write(shipped, without_weights));
  if (a.bytes != b.bytes || a.left_out.size() != b.left_out.size())
    return refuse("the graph does not read back as meant");
  for (std::size_t i = 0; i < a.left_out.size(); ++i) {
    const bool same = a.left_out[i].name == b.left_out[i].name &&
                      to_dense(*a.left_out[i].constant).same_bits(to_dense(*b.left_out[i].constant));
    if (!same) return refuse(fmt::format("tensor '{}' does not read back as meant", a.left_out[i].name));
  }
  return {};
}

}  // namespace pith::cli
