#include "loader/file_bytes.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace pith::loader {
namespace {

std::unexpected<Status> unreadable(std::string what) {
  return std::unexpected(Status(StatusCode::unreadable, std::move(what)));
}

// Without strerror(), which is not safe in threads.
std::unexpected<Status> refused(const char* what, int error) {
  return unreadable(std::string(what) + " (error " + std::to_string(error) + ")");
}

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int number() const { return number_; }

 private:
  int number_;
};

Expected<Vector<std::uint8_t>> read_all(int file, std::size_t size) {
  Vector<std::uint8_t> bytes(size);
  for (std::size_t done = 0; done < size;) {
    const ssize_t count = ::read(file, bytes.data() + done, size - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return refused("the file cannot be read", errno);
    if (count == 0) return unreadable("the file became shorter while it was read");
    done += static_cast<std::size_t>(count);
  }
  return bytes;
}

}  // namespace

Status file_too_large() {
  return {StatusCode::limit, "the file is larger than the limit allows"};
}

FileBytes& FileBytes::operator=(FileBytes&& other) noexcept {
  std::swap(owned_, other.owned_);
  std::swap(mapped_, other.mapped_);
  return *this;
}

FileBytes::~FileBytes() {
  if (!mapped_.empty()) ::munmap(const_cast<std::uint8_t*>(mapped_.data()), mapped_.size());
}

Expected<FileBytes> FileBytes::open(const char* path, FileAccess access, std::uint64_t largest) noexcept {
  return guarded([&]() -> Expected<FileBytes> {
    // Not blocked by a pipe; what is not a regular file is refused below.
    const Descriptor file(::open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (file.number() < 0) return refused("the file cannot be opened", errno);
    struct stat facts{};
    if (::fstat(file.number(), &facts) != 0) return refused("the file cannot be examined", errno);
    if (!S_ISREG(facts.st_mode)) return unreadable("it is not a regular file");
    if (static_cast<std::uint64_t>(facts.st_size) > largest) return std::unexpected(file_too_large());
    const auto size = static_cast<std::size_t>(facts.st_size);
    FileBytes result;
    if (access == FileAccess::read || size == 0) {
      PITH_LOADER_TRY(result.owned_, read_all(file.number(), size));
      return result;
    }
    void* const start = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.number(), 0);
    if (start == MAP_FAILED) return refused("the file cannot be mapped", errno);
    result.mapped_ = {static_cast<const std::uint8_t*>(start), size};
    return result;
  });
}

void FileBytes::done_with(std::span<const std::uint8_t> part) const {
  if (mapped_.empty()) return;
  // Whole pages only; the neighbours of a page shared with another section are still wanted.
  constexpr std::size_t kPage = 4096;
  const auto offset = static_cast<std::size_t>(part.data() - mapped_.data());
  const std::size_t begin = (offset + kPage - 1) / kPage * kPage;
  const std::size_t end = (offset + part.size()) / kPage * kPage;
  if (begin < end) ::madvise(const_cast<std::uint8_t*>(mapped_.data()) + begin, end - begin, MADV_DONTNEED);
}

}  // namespace pith::loader
