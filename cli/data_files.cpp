#include "cli/data_files.h"

#include <fmt/core.h>

namespace pith::cli {
namespace {

constexpr std::uint64_t kLeastMoved = 1024;

// Runtimes map the file: a page for tensors that are worth one, a cache line for others.
std::uint64_t alignment_for(std::uint64_t bytes) {
  constexpr std::uint64_t kWorthAPage = std::uint64_t{1} << 20;
  return bytes >= kWorthAPage ? 4096 : 64;
}

std::uint64_t padding(std::uint64_t offset, std::uint64_t alignment) {
  return (alignment - offset % alignment) % alignment;
}

}  // namespace

Result<DataFiles::File*> DataFiles::file_for(std::uint64_t bytes) {
  const bool fits = !files_.empty() && bytes <= largest_ && files_.back().size <= largest_ - bytes;
  if (!fits) {
    PITH_TRY(OutputFile output, OutputFile::create(model_));
    files_.push_back({.output = std::move(output)});
    XXH64_reset(&files_.back().hash, 0);
  }
  return &files_.back();
}

Result<void> DataFiles::append(File& file, const ir::Buffer& bytes) {
  for (const ir::Buffer& window : bytes.windows()) {
    XXH64_update(&file.hash, window.bytes().data(), window.size());
    PITH_CHECK_OK(file.output.append(window));
  }
  file.size += bytes.size();
  return {};
}

std::optional<DataFiles::Place> DataFiles::put(const ir::Tensor& tensor) {
  const std::uint64_t bytes = tensor.bytes().size();
  if (!status_ || bytes < kLeastMoved) return std::nullopt;
  const auto write = [&]() -> Result<Place> {
    PITH_TRY(File * file, file_for(bytes));
    const std::uint64_t gap = padding(file->size, alignment_for(bytes));
    PITH_CHECK_OK(append(*file, ir::Buffer::own(std::string(static_cast<std::size_t>(gap), '\0'))));
    const Place place{files_.size() - 1, file->size};
    PITH_CHECK_OK(append(*file, tensor.buffer()));
    return place;
  };
  Result<Place> place = write();
  if (place) return *place;
  status_ = std::unexpected(std::move(place).error());
  return std::nullopt;
}

Result<std::vector<std::string>> DataFiles::finish() {
  PITH_CHECK_OK(Result<void>(status_));
  std::vector<std::string> names;
  for (File& file : files_) {
    const std::string number = files_.size() > 1 ? fmt::format(".{}", names.size() + 1) : "";
    names.push_back(
        fmt::format("{}.{:016x}{}.data", model_.stem().string(), XXH64_digest(&file.hash), number));
    file.output.rename_target(names.back());
  }
  return names;
}

Result<std::map<std::string, ir::Buffer>> DataFiles::read_back() const {
  std::map<std::string, ir::Buffer> files;
  for (const File& file : files_) {
    PITH_TRY(ir::Buffer bytes, file.output.read_back());
    files.emplace(file.output.target().filename().string(), std::move(bytes));
  }
  return files;
}

std::vector<report::FileEntry> DataFiles::entries(bool hash) const {
  std::vector<report::FileEntry> entries;
  for (const File& file : files_) {
    report::FileEntry entry{file.output.target().filename().string(), file.size, {}};
    const auto bytes = hash ? file.output.read_back() : ir::Buffer();
    if (bytes && hash) entry.sha256 = report::sha256_of(*bytes);
    entries.push_back(std::move(entry));
  }
  return entries;
}

Result<void> DataFiles::sync() {
  for (File& file : files_) PITH_CHECK_OK(file.output.sync());
  return {};
}

Result<void> DataFiles::commit() {
  for (File& file : files_) PITH_CHECK_OK(file.output.commit());
  return {};
}

}  // namespace pith::cli
