#include "ir/onnx/confined_open.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace pith::ir::onnx {
namespace {

// O_NONBLOCK: opening a pipe that nobody writes to must not wait for ever.
constexpr int kReadFlags = O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK;

// Why a path was refused, in words that help.
std::string reason(int error) {
  switch (error) {
    case EXDEV:
      return "it leads outside of the folder";
    case ELOOP:
      return "it is or goes through a symbolic link";
    default:
      return std::generic_category().message(error);
  }
}

}  // namespace

FileDescriptor open_by_kernel(int root, const std::string& path, Links links) {
  open_how how{};
  how.flags = kReadFlags;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  if (links == Links::refused) {
    how.resolve |= RESOLVE_NO_SYMLINKS;
  } else {
    how.flags &= ~static_cast<std::uint64_t>(O_NOFOLLOW);
  }
  return FileDescriptor(static_cast<int>(::syscall(SYS_openat2, root, path.c_str(), &how, sizeof(how))));
}

FileDescriptor open_by_components(int root, const std::string& path) {
  FileDescriptor current(::openat(root, ".", O_PATH | O_DIRECTORY | O_CLOEXEC));
  const std::filesystem::path parts(path);
  for (auto part = parts.begin(); part != parts.end() && current.get() >= 0; ++part) {
    if (*part == ".." || part->is_absolute()) {
      errno = EXDEV;
      return FileDescriptor();
    }
    const bool last = std::next(part) == parts.end();
    const int flags = last ? kReadFlags : O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    current = FileDescriptor(::openat(current.get(), part->c_str(), flags));
  }
  return current;
}

Result<FileDescriptor> open_below(const std::filesystem::path& root, const std::string& path, Links links) {
  const auto refuse = [&](const std::string& why) {
    return fail(ErrorCode::model, fmt::format("external data '{}' cannot be opened: {}", path, why),
                "external data must be a regular file below the model's folder, without links; --data-root "
                "names a folder in which links may be followed");
  };
  const FileDescriptor folder(::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() < 0) return refuse(reason(errno));
  FileDescriptor file = open_by_kernel(folder.get(), path, links);
  // Older kernels do not know the call, and some sandboxes forbid what they do not know.
  if (file.get() < 0 && (errno == ENOSYS || errno == EPERM)) file = open_by_components(folder.get(), path);
  if (file.get() < 0) return refuse(reason(errno));
  struct stat info{};
  if (::fstat(file.get(), &info) != 0) return refuse(reason(errno));
  if (!S_ISREG(info.st_mode)) return refuse("it is not a regular file");
  if (info.st_nlink != 1) return refuse("it has several hard links");
  return file;
}

}  // namespace pith::ir::onnx
