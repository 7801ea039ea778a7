#include "cli/output_file.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <fstream>
#include <system_error>
#include <utility>

namespace pith::cli {
namespace {

namespace fs = std::filesystem;

std::string reason(int error) {
  return std::generic_category().message(error);
}

std::unexpected<Error> cannot(const fs::path& target, std::string_view what, int error) {
  return fail(ErrorCode::environment,
              fmt::format("{}: {}: {}", target.filename().string(), what, reason(error)),
              "check the free space and the permissions of the folder; nothing was written");
}

// The permissions that a plain open() would have given. The mask is read from /proc, because umask()
// can only be asked by changing it for a moment, for every thread.
mode_t usual_permissions() {
  constexpr std::string_view kKey = "Umask:";
  mode_t mask = 022;
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (!line.starts_with(kKey)) continue;
    const std::size_t digits = std::min(line.find_first_not_of(" \t", kKey.size()), line.size());
    std::from_chars(line.data() + digits, line.data() + line.size(), mask, 8);
  }
  return 0666 & ~mask;
}

Result<void> write_all(int fd, std::span<const std::byte> bytes, const fs::path& target) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return cannot(target, "cannot be written", errno);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return {};
}

bool is_same_file(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

}  // namespace

fs::path folder_of(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

Result<void> OutputFile::check_target(const fs::path& target, Overwrite overwrite,
                                      std::span<const fs::path> inputs) {
  const std::string name = target.filename().string();
  if (name.empty())
    return fail(ErrorCode::usage, fmt::format("'{}' names no file to write", target.string()));
  struct stat folder{};
  if (::stat(folder_of(target).c_str(), &folder) != 0 || !S_ISDIR(folder.st_mode)) {
    return fail(ErrorCode::environment, fmt::format("{}: its folder does not exist", name),
                "create the folder first");
  }
  if (::access(folder_of(target).c_str(), W_OK) != 0)
    return cannot(target, "its folder cannot be written to", errno);
  struct stat info{};
  if (::lstat(target.c_str(), &info) != 0) return {};
  if (S_ISDIR(info.st_mode))
    return fail(ErrorCode::usage, fmt::format("{}: is a folder", name), "name a file in it");
  if (!S_ISREG(info.st_mode)) {
    return fail(ErrorCode::usage, fmt::format("{}: is a link or a device, not a regular file", name),
                "name another file");
  }
  for (const fs::path& input : inputs) {
    struct stat other{};
    if (::stat(input.c_str(), &other) == 0 && is_same_file(info, other)) {
      return fail(ErrorCode::usage, fmt::format("{}: is also an input", name),
                  "inputs are never overwritten; name another file");
    }
  }
  if (overwrite == Overwrite::no) {
    return fail(ErrorCode::usage, fmt::format("{}: exists already", name), "pass -f to overwrite it");
  }
  return {};
}

Result<OutputFile> OutputFile::create(const fs::path& target) {
  std::string path;
  ir::FileDescriptor file = ir::FileDescriptor::temporary(folder_of(target), path);
  if (file.get() < 0) return cannot(target, "cannot be created", errno);
  return OutputFile(target, std::move(path), std::move(file));
}

Result<void> OutputFile::append(const ir::Buffer& piece) {
  for (const ir::Buffer& window : piece.windows()) {
    PITH_CHECK_OK(write_all(file_.get(), window.bytes(), target_));
    window.release();
    size_ += static_cast<std::int64_t>(window.size());
    if (size_ - handed_over_ < static_cast<std::int64_t>(ir::Buffer::kWindow)) continue;
    // Only a hint; sync() waits, and says what fails.
    ::sync_file_range(file_.get(), handed_over_, size_ - handed_over_, SYNC_FILE_RANGE_WRITE);
    handed_over_ = size_;
  }
  return {};
}

Result<void> OutputFile::sync() {
  if (::fchmod(file_.get(), usual_permissions()) != 0)
    return cannot(target_, "cannot be given its permissions", errno);
  if (::fsync(file_.get()) != 0) return cannot(target_, "cannot be written to the disk", errno);
  file_.reset(-1);
  return {};
}

Result<OutputFile> OutputFile::write(const fs::path& target, const ir::Pieces& pieces) {
  PITH_TRY(OutputFile file, create(target));
  for (const ir::Buffer& piece : pieces.parts()) PITH_CHECK_OK(file.append(piece));
  return file;
}

OutputFile::OutputFile(OutputFile&& other) noexcept
    : target_(std::move(other.target_)),
      temporary_(std::exchange(other.temporary_, {})),
      file_(std::move(other.file_)),
      size_(other.size_),
      handed_over_(other.handed_over_) {}

OutputFile::~OutputFile() {
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

Result<ir::Buffer> OutputFile::read_back() const {
  auto bytes = ir::Buffer::map_file(temporary_);
  if (!bytes)
    return fail(ErrorCode::self_check, fmt::format("{}: cannot be read back", target_.filename().string()));
  return bytes;
}

Result<void> OutputFile::commit() {
  if (file_.get() >= 0) PITH_CHECK_OK(sync());
  if (::rename(temporary_.c_str(), target_.c_str()) != 0)
    return cannot(target_, "cannot be given its name", errno);
  temporary_.clear();
  const int folder = ::open(folder_of(target_).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder >= 0) {
    ::fsync(folder);  // some file systems cannot; the file itself is safe already
    ::close(folder);
  }
  return {};
}

std::string OutputFile::keep_as_failed() {
  const fs::path kept = target_.string() + ".failed";
  if (::rename(temporary_.c_str(), kept.c_str()) == 0) temporary_.clear();
  return kept.filename().string();
}

}  // namespace pith::cli
