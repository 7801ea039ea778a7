#include "cli/ship.h"

#include <fmt/core.h>

#include <algorithm>

namespace pith::cli {
namespace {

// The same for all names of a path that may not exist yet.
std::filesystem::path place_of(const std::filesystem::path& path) {
  std::error_code error;
  const auto place = std::filesystem::weakly_canonical(std::filesystem::absolute(path), error);
  return error ? path : place;
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

Result<Shipped> ship(const ir::Model& model, const Target& target, bool dry_run,
                     std::vector<std::string>& notes) {
  const std::string name = target.path.filename().string();
  PITH_TRY(ir::Buffer bytes, encode_model(model, target.format, notes));
  Shipped shipped;
  shipped.target = target;
  if (!dry_run) {
    PITH_TRY(auto file, OutputFile::write(target.path, bytes.bytes()));
    PITH_TRY(bytes, file.read_back());
    shipped.file.emplace(std::move(file));
  }
  auto decoded = decode_model(bytes, target.format);
  auto checked = decoded ? check_equal(model, *decoded) : std::unexpected(std::move(decoded).error());
  if (!checked) {
    const std::string kept = shipped.file ? shipped.file->keep_as_failed() : name;
    return fail(ErrorCode::self_check, fmt::format("{}: {}", name, checked.error().message()),
                fmt::format("this is a bug; the file is kept as {}", kept));
  }
  shipped.model = *std::move(decoded);
  shipped.entry = {name, bytes.size(), report::sha256(bytes.bytes())};
  return shipped;
}

Result<void> write_file(const std::filesystem::path& path, std::span<const std::byte> bytes) {
  PITH_TRY(auto file, OutputFile::write(path, bytes));
  PITH_TRY(const ir::Buffer back, file.read_back());
  if (!std::ranges::equal(back.bytes(), bytes)) {
    return fail(ErrorCode::self_check,
                fmt::format("{}: does not read back as written", path.filename().string()));
  }
  return file.commit();
}

}  // namespace pith::cli
