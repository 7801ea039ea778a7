#include "cli/measurement_cache.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <system_error>
#include <vector>

#include "cli/log.h"
#include "ir/file_descriptor.h"

namespace pith::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostFiles = 64;
constexpr std::string_view kExtension = ".measurements";

fs::path absolute_in(const char* variable) {
  const char* value = std::getenv(variable);
  const fs::path path = value == nullptr ? "" : value;
  return path.is_absolute() ? path : fs::path();
}

// What is there, if it may be measurements; a link to a device would never end.
std::optional<std::string> read_small(const fs::path& path) {
  std::error_code error;
  if (!fs::is_regular_file(path, error)) return std::nullopt;
  std::ifstream file(path, std::ios::binary);
  std::string bytes(search::Measurements::kMostBytes + 1, '\0');
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(static_cast<std::size_t>(file.gcount()));
  return bytes;
}

// Empty, or why not. The disk is not waited for: what a crash leaves half written fails its checksum.
std::string replace_file(const fs::path& path, std::string_view bytes) {
  const auto reason = [] { return std::generic_category().message(errno); };
  std::string temporary;
  const ir::FileDescriptor file = ir::FileDescriptor::temporary(path.parent_path(), temporary);
  if (file.get() < 0) return reason();
  while (!bytes.empty()) {
    const ssize_t written = ::write(file.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) break;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  if (bytes.empty() && ::rename(temporary.c_str(), path.c_str()) == 0) return "";
  std::string why = reason();
  ::unlink(temporary.c_str());
  return why;
}

// Makes room for one more file, and removes what killed runs left.
void tidy(const fs::path& folder) {
  std::error_code error;
  std::vector<std::pair<fs::file_time_type, fs::path>> files;
  const auto now = fs::file_time_type::clock::now();
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    std::error_code gone;  // another run tidies too
    const auto written = entry->last_write_time(gone);
    if (gone) continue;
    const fs::path extension = entry->path().extension();
    if (extension == kExtension) files.emplace_back(written, entry->path());
    if (extension == ".pith-tmp" && now - written > std::chrono::hours(1)) fs::remove(entry->path(), gone);
  }
  std::ranges::sort(files, std::greater{});
  for (std::size_t i = kMostFiles - 1; i < files.size(); ++i) fs::remove(files[i].second, error);
}

}  // namespace

fs::path measurement_folder() {
  fs::path base = absolute_in("PITH_CACHE_DIR");
  if (base.empty() && !absolute_in("XDG_CACHE_HOME").empty()) base = absolute_in("XDG_CACHE_HOME") / "pith";
  if (base.empty() && !absolute_in("HOME").empty()) base = absolute_in("HOME") / ".cache" / "pith";
  return base.empty() ? base : base / "sensitivity";
}

MeasurementCache::MeasurementCache(const fs::path& folder, const engine::Digest& context) {
  if (folder.empty()) return;
  file_ = folder / (engine::hexadecimal(context) + std::string(kExtension));
  const auto bytes = read_small(file_);
  if (!bytes) return;
  auto parsed = search::Measurements::parse(std::as_bytes(std::span(*bytes)));
  if (parsed) {
    known_ = *std::move(parsed);
  } else {
    log_warning(fmt::format("{}: {}; everything is measured anew", file_.filename().string(),
                            parsed.error().message()));
  }
}

std::optional<search::Measurement> MeasurementCache::find(const engine::Digest& key) {
  const auto found = known_.find(key);
  if (found && !said_) log_note(fmt::format("measurements of an earlier run are in {}", file_.string()));
  said_ = said_ || found.has_value();
  return found;
}

void MeasurementCache::keep(const engine::Digest& key, const search::Measurement& measurement) {
  if (file_.empty()) return;
  const bool first = known_.size() == 0;
  if (!known_.keep(key, measurement)) return;
  std::error_code error;
  if (first) {
    fs::create_directories(file_.parent_path(), error);
    tidy(file_.parent_path());
  }
  const std::string why = error ? error.message() : replace_file(file_, known_.bytes());
  if (why.empty()) return;
  log_warning(fmt::format("measurements cannot be kept in {}: {}; the run goes on without",
                          file_.parent_path().string(), why));
  file_.clear();
}

std::string processor_description() {
  std::string text;
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line) && !line.empty();) {
    // Of the first core, what does not change while it runs.
    for (const std::string_view key : {"model name", "flags", "Features", "CPU part"}) {
      if (line.starts_with(key)) text += line + "\n";
    }
  }
  return text;
}

}  // namespace pith::cli
