#include "ir/spill_file.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/mman.h>

#include <cerrno>
#include <string>
#include <system_error>

namespace pith::ir {
namespace {

bool write_at(int fd, std::span<const std::byte> bytes, std::int64_t offset) {
  while (!bytes.empty()) {
    const ssize_t written = ::pwrite(fd, bytes.data(), bytes.size(), offset);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(written));
    offset += written;
  }
  return true;
}

void free_space(int fd, std::int64_t offset, std::int64_t size) {
  // Where a file system cannot do this the space is freed when the process ends.
  ::fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, size);
}

}  // namespace

Result<std::shared_ptr<SpillFile>> SpillFile::open(const std::filesystem::path& folder) {
  const std::filesystem::path place = folder.empty() ? std::filesystem::path(".") : folder;
  FileDescriptor file(::open(place.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (file.get() < 0) {
    // Some file systems know no unnamed files: a name for a moment does as well.
    std::string path;
    file = FileDescriptor::temporary(place, path);
    if (file.get() >= 0) ::unlink(path.c_str());
  }
  if (file.get() < 0) {
    return fail(ErrorCode::environment,
                fmt::format("no temporary file can be made in {}: {}", place.string(),
                            std::generic_category().message(errno)),
                "models this large need room on the disk; check the folder's permissions and free space");
  }
  return std::shared_ptr<SpillFile>(new SpillFile(std::move(file)));
}

std::shared_ptr<const void> SpillFile::keep(std::span<const std::byte> bytes) {
  constexpr std::size_t kPage = 4096;
  const std::size_t size = bytes.size();
  const auto rounded = static_cast<std::int64_t>((size + kPage - 1) / kPage * kPage);
  std::int64_t offset = 0;
  {
    const std::lock_guard lock(mutex_);
    offset = end_;
    end_ += rounded;
  }
  if (!write_at(file_.get(), bytes, offset)) {
    free_space(file_.get(), offset, rounded);
    return nullptr;
  }
  void* address = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, file_.get(), offset);
  if (address == MAP_FAILED) {
    free_space(file_.get(), offset, rounded);
    return nullptr;
  }
  return {address, [self = shared_from_this(), size, offset, rounded](const void* mapped) {
            ::munmap(const_cast<void*>(mapped), size);
            free_space(self->file_.get(), offset, rounded);
          }};
}

}  // namespace pith::ir
