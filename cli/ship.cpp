#include "cli/ship.h"

#include <fmt/core.h>

#include <algorithm>
#include <future>

namespace pith::cli {
namespace {

// The same for all names of a path that may not exist yet.
std::filesystem::path place_of(const std::filesystem::path& path) {
  std::error_code error;
  const auto place = std::filesystem::weakly_canonical(std::filesystem::absolute(path), error);
  return error ? path : place;
}

// Whether the weights go to files of their own: as asked, or when one file cannot hold them.
bool needs_data_files(const ir::Model& model, ExternalWeights when) {
  if (when != ExternalWeights::automatic) return when == ExternalWeights::always;
  constexpr std::uint64_t kFitsOneFile = (std::uint64_t{1} << 31) - (std::uint64_t{64} << 20);
  return report::size_of(model, report::Storage::onnx, 0, {}).weight_bytes > kFitsOneFile;
}

}  // namespace

Result<std::vector<Target>> check_targets(const Args& args) {
  std::vector<std::filesystem::path> paths(args.outputs.begin(), args.outputs.end());
  if (paths.empty()) {
    if (args.dry_run) return std::vector<Target>{{"dry-run.pith", ModelFormat::pith}};
    return fail(ErrorCode::usage, "no output is named", "pass -o out.pith or -o out.onnx");
  }
  const std::vector<std::filesystem::path> inputs{args.model};
  std::vector<Target> targets;
  for (const auto& path : paths) {
    PITH_TRY(const ModelFormat format, format_of_output(path));
    const auto same = [&](const auto& other) { return place_of(other) == place_of(path); };
    if (std::ranges::count_if(paths, same) > 1)
      return fail(ErrorCode::usage, fmt::format("{}: is named twice", path.filename().string()));
    if (!args.dry_run) {
      PITH_CHECK_OK(OutputFile::check_target(path, args.force ? Overwrite::yes : Overwrite::no, inputs));
    }
    targets.push_back({path, format});
  }
  return targets;
}

ShipOptions ship_options(const Args& args) {
  ShipOptions options{.dry_run = args.dry_run, .external = args.external_weights, .hash = args.full_report()};
  if (args.data_file_size != 0) options.data_file_size = args.data_file_size;
  return options;
}

Result<Shipped> ship(const ir::Model& model, const Target& target, const ShipOptions& options,
                     std::vector<std::string>& notes) {
  const std::string name = target.path.filename().string();
  Shipped shipped;
  shipped.target = target;
  if (target.format == ModelFormat::onnx && needs_data_files(model, options.external))
    shipped.data = std::make_unique<DataFiles>(target.path, options.data_file_size);
  PITH_TRY(const ir::Pieces file, encode_model(model, target.format, shipped.data.get(), notes));
  ir::Buffer bytes;
  if (options.dry_run) {
    bytes = ir::Buffer::own(file.joined());
  } else {
    PITH_TRY(auto written, OutputFile::write(target.path, file));
    PITH_TRY(bytes, written.read_back());
    shipped.file.emplace(std::move(written));
  }
  std::map<std::string, ir::Buffer> data_files;
  if (shipped.data) {
    PITH_TRY(data_files, shipped.data->read_back());
  }
  // Hashing takes about as long as decoding and comparing, and the disk writes in the meantime.
  auto entries = std::async([&, hash = options.hash] {
    shipped.entry = {name, bytes.size(), hash ? report::sha256_of(bytes) : std::string()};
    if (shipped.data) shipped.data_entries = shipped.data->entries(hash);
  });
  auto decoded = decode_model(bytes, target.format, std::move(data_files));
  Result<void> checked;
  if (decoded) {
    checked = check_equal(model, *decoded);
  } else {
    checked = std::unexpected(decoded.error());
  }
  if (!checked) {
    const std::string kept = shipped.file ? shipped.file->keep_as_failed() : name;
    return fail(ErrorCode::self_check, fmt::format("{}: {}", name, checked.error().message()),
                fmt::format("this is a bug; the file is kept as {}", kept));
  }
  shipped.model = *std::move(decoded);
  entries.get();
  if (shipped.data && !options.dry_run) PITH_CHECK_OK(shipped.data->sync());
  if (shipped.file) PITH_CHECK_OK(shipped.file->sync());
  return shipped;
}

std::uint64_t Shipped::total_bytes() const {
  std::uint64_t total = entry.bytes;
  for (const report::FileEntry& one : data_entries) total += one.bytes;
  return total;
}

Result<void> Shipped::commit() {
  // The data first: until the model has its name, nothing refers to it.
  if (data && file) PITH_CHECK_OK(data->commit());
  if (file) PITH_CHECK_OK(file->commit());
  return {};
}

Result<void> write_file(const std::filesystem::path& path, const ir::Pieces& pieces) {
  PITH_TRY(auto file, OutputFile::write(path, pieces));
  PITH_TRY(const ir::Buffer back, file.read_back());
  std::uint64_t at = 0;
  bool same = back.size() == pieces.size();
  for (const ir::Buffer& piece : pieces.parts()) {
    same = same && back.slice(at, piece.size()).text() == piece.text();
    at += piece.size();
  }
  if (!same) {
    return fail(ErrorCode::self_check,
                fmt::format("{}: does not read back as written", path.filename().string()));
  }
  return file.commit();
}

Result<void> write_file(const std::filesystem::path& path, std::string text) {
  ir::Pieces pieces;
  pieces.add(ir::Buffer::own(std::move(text)));
  return write_file(path, pieces);
}

}  // namespace pith::cli
