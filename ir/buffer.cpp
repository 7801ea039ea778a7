#include "ir/buffer.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "ir/file_descriptor.h"
#include "ir/spill_file.h"

namespace pith::ir {
namespace {

std::string reason(int error) {
  return std::generic_category().message(error);
}

// Where large buffers go; nullptr: nowhere.
std::shared_ptr<SpillFile>& spill_file() {
  static std::shared_ptr<SpillFile> file;
  return file;
}

}  // namespace

Buffer Buffer::own(std::string bytes) {
  auto owner = std::make_shared<const std::string>(std::move(bytes));
  const auto view = std::as_bytes(std::span(*owner));
  return place(view, std::move(owner));
}

Buffer Buffer::place(std::span<const std::byte> bytes, std::shared_ptr<const void> owner) {
  if (bytes.size() < kLeastSpilled || spill_file() == nullptr) return {bytes, std::move(owner), false};
  std::shared_ptr<const void> mapped = spill_file()->keep(bytes);
  if (mapped == nullptr) return {bytes, std::move(owner), false};
  const auto* data = static_cast<const std::byte*>(mapped.get());
  return {{data, bytes.size()}, std::move(mapped), true};
}

Result<void> Buffer::spill_to(const std::filesystem::path& folder) {
  PITH_TRY(spill_file(), SpillFile::open(folder));
  return {};
}

void Buffer::release() const {
  if (!mapped_ || bytes_.empty() || spill_file() == nullptr) return;
  constexpr std::uintptr_t kPage = 4096;
  // Whole pages; a neighbour that loses one reads it again.
  const auto begin = reinterpret_cast<std::uintptr_t>(bytes_.data()) / kPage * kPage;
  const auto end = reinterpret_cast<std::uintptr_t>(bytes_.data() + bytes_.size());
  ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
}

Result<Buffer> Buffer::map_file(const std::filesystem::path& path) {
  const std::string name = path.filename().string();
  // O_NONBLOCK: opening a pipe that nobody writes to must not wait for ever.
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) {
    return fail(ErrorCode::model, fmt::format("{}: cannot be opened: {}", name, reason(errno)),
                "check the path and its permissions");
  }
  return map_descriptor(file.get(), name);
}

Result<Buffer> Buffer::map_descriptor(int descriptor, const std::string& name) {
  struct stat info{};
  if (::fstat(descriptor, &info) != 0) {
    return fail(ErrorCode::model, fmt::format("{}: cannot be examined: {}", name, reason(errno)));
  }
  if (S_ISDIR(info.st_mode)) {
    return fail(ErrorCode::model, fmt::format("{}: is a folder, not a file", name),
                "name the file inside it");
  }
  if (!S_ISREG(info.st_mode)) {
    return fail(ErrorCode::model, fmt::format("{}: is not a regular file", name),
                "pipes and devices are not read; copy it to a file first");
  }
  const auto size = static_cast<std::size_t>(info.st_size);
  if (size == 0) return Buffer();
  void* address = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
  if (address == MAP_FAILED) {
    return fail(ErrorCode::environment, fmt::format("{}: cannot be mapped: {}", name, reason(errno)));
  }
  std::shared_ptr<const void> owner(
      address, [size](const void* mapped) { ::munmap(const_cast<void*>(mapped), size); });
  return Buffer({static_cast<const std::byte*>(address), size}, std::move(owner), true);
}

Buffer Buffer::slice(std::uint64_t offset, std::uint64_t size) const {
  PITH_ASSERT(offset <= bytes_.size() && size <= bytes_.size() - offset, "slice outside of a buffer");
  return {bytes_.subspan(offset, size), owner_, mapped_};
}

std::vector<Buffer> Buffer::windows() const {
  std::vector<Buffer> slices;
  for (std::size_t at = 0; at < size(); at += kWindow)
    slices.push_back(slice(at, std::min(kWindow, size() - at)));
  return slices;
}

Buffer Buffer::copy() const {
  auto owner = std::make_shared<const std::string>(text());
  return {std::as_bytes(std::span(*owner)), owner, false};
}

}  // namespace pith::ir
