#include "cli/model_file.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>
#include <future>
#include <thread>

#include "cli/output_file.h"
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

// Below this a model and everything made of it, four times its size at most, stay in memory and within the
// bound of a model in one file: 1.2 times its size and 256 MiB.
constexpr std::uint64_t kLarge = std::uint64_t{90} << 20;

Result<void> spill(const LoadOptions& options) {
  if (!options.spill_folder.empty()) return ir::Buffer::spill_to(options.spill_folder);
  const char* folder = std::getenv("TMPDIR");  // NOLINT(concurrency-mt-unsafe): nobody changes it
  // Not /tmp: it may itself be memory.
  return ir::Buffer::spill_to(folder != nullptr && *folder != '\0' ? folder : "/var/tmp");
}

// A small file never fills the disk; a large one may hold more than the loader's default.
Result<ir::Model> from_pith(const ir::Buffer& file, unsigned threads) {
  loader::Limits limits;
  limits.max_decoded_bytes = std::max<std::uint64_t>(limits.max_decoded_bytes, 64 * file.size());
  return codec::from_pith(file, limits,
                          threads != 0 ? threads : std::max(1U, std::thread::hardware_concurrency()));
}

// Of two dense constants of one type and shape, a window of each at a time.
bool same_windows(const ir::Buffer& a, const ir::Buffer& b) {
  const std::vector<ir::Buffer> in_a = a.windows();
  const std::vector<ir::Buffer> in_b = b.windows();
  return std::ranges::equal(in_a, in_b, [](const ir::Buffer& x, const ir::Buffer& y) {
    const bool same = x.text() == y.text();
    x.release();
    y.release();
    return same;
  });
}

// Equal type, shape and values, bit for bit, whatever the forms; in ranges, to hold little at a time.
bool same_values(const ir::Constant& a, const ir::Constant& b) {
  if (a.dtype != b.dtype || a.shape != b.shape) return false;
  const auto* dense_a = std::get_if<ir::Dense>(&a.form);
  const auto* dense_b = std::get_if<ir::Dense>(&b.form);
  if (dense_a != nullptr && dense_b != nullptr)
    return same_windows(dense_a->tensor.buffer(), dense_b->tensor.buffer());
  if (ir::same_bits(a, b)) return true;
  if (a.dtype == ir::DType::string) return to_dense(a).same_bits(to_dense(b));
  constexpr std::uint64_t kRange = std::uint64_t{4} << 20;
  const std::uint64_t count = ir::element_count(a.shape).value_or(0);
  for (std::uint64_t first = 0; first < count; first += kRange) {
    const std::uint64_t size = std::min(kRange, count - first);
    if (!to_dense(a, first, size).same_bits(to_dense(b, first, size))) return false;
  }
  return true;
}

}  // namespace

LoadOptions load_options(const Args& args) {
  LoadOptions options{.data_root = args.data_root, .hash = args.full_report(), .threads = args.threads};
  if (!args.outputs.empty() && !args.dry_run) options.spill_folder = folder_of(args.outputs.front());
  return options;
}

Result<ModelFile> load_model(const std::filesystem::path& path, const LoadOptions& load) {
  ModelFile file;
  file.path = path;
  PITH_TRY(file.bytes, ir::Buffer::map_file(path));
  file.total_bytes = file.bytes.size();
  // Hashing takes about as long as reading.
  if (load.hash) file.sha256 = std::async([bytes = file.bytes] { return report::sha256_of(bytes); }).share();
  Result<ir::Model> model;
  if (is_container(file.bytes)) {
    file.format = ModelFormat::pith;
    if (codec::decoded_bytes(file.bytes) >= kLarge) PITH_CHECK_OK(spill(load));
    model = from_pith(file.bytes, load.threads);
  } else {
    ir::onnx::ReadOptions options;
    options.data_folder = {.folder = folder_of(path), .root = load.data_root};
    options.opened = [&](const std::string& location, std::uint64_t bytes) {
      file.total_bytes += bytes;
      file.external.emplace_back(location, bytes);
    };
    model = ir::onnx::read(file.bytes, options);
  }
  if (!model) return std::unexpected(std::move(model).error().in(file.name()));
  file.model = *std::move(model);
  if (file.format == ModelFormat::onnx && file.total_bytes >= kLarge) PITH_CHECK_OK(spill(load));
  return file;
}

Result<ModelFormat> format_of_output(const std::filesystem::path& path) {
  if (path.extension() == ".onnx") return ModelFormat::onnx;
  if (path.extension() == ".pith") return ModelFormat::pith;
  return fail(ErrorCode::usage, fmt::format("'{}' ends in neither .pith nor .onnx", path.filename().string()),
              "the extension of -o chooses the format");
}

Result<ir::Pieces> encode_model(const ir::Model& model, ModelFormat format,
                                ir::onnx::ExternalWriter* external, std::vector<std::string>& notes) {
  if (format == ModelFormat::pith) return codec::to_pith(model);
  ir::onnx::WriteOptions options;
  options.weights = ir::onnx::Weights::carriers;
  options.external = external;
  PITH_TRY(auto written, ir::onnx::write(model, options));
  notes.insert(notes.end(), written.notes.begin(), written.notes.end());
  return std::move(written.file);
}

Result<ir::Model> decode_model(const ir::Buffer& bytes, ModelFormat format,
                               std::map<std::string, ir::Buffer> data_files, unsigned threads) {
  if (format == ModelFormat::pith) return from_pith(bytes, threads);
  ir::onnx::ReadOptions options;
  options.data_files = std::move(data_files);
  return ir::onnx::read(bytes, options);
}

Result<ir::Model> with_opset(const ModelFile& file, std::optional<std::int64_t> opset) {
  if (!opset) return file.model;
  auto converted = ir::onnx::convert_opset(file.model, *opset);
  if (!converted && converted.error().code() == ErrorCode::model)
    return std::unexpected(std::move(converted).error().in(file.name()));
  return converted;
}

Result<ir::Buffer> runnable(const ir::Model& model) {
  PITH_TRY(const auto written, ir::onnx::write(model));
  return ir::Buffer::own(written.file.joined());
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
  // The graphs, then the weights one by one: never all of them twice.
  PITH_TRY(const auto a, ir::onnx::write_without_values(meant));
  PITH_TRY(const auto b, ir::onnx::write_without_values(shipped));
  if (a.file.joined() != b.file.joined() || a.left_out.size() != b.left_out.size())
    return refuse("the graph does not read back as meant");
  for (std::size_t i = 0; i < a.left_out.size(); ++i) {
    const auto& [name, constant] = a.left_out[i];
    const ir::Constant& other = *b.left_out[i].constant;
    if (name != b.left_out[i].name || !same_values(*constant, other))
      return refuse(fmt::format("tensor '{}' does not read back as meant", name));
    ir::release(*constant);
    ir::release(other);
  }
  return {};
}

}  // namespace pith::cli
