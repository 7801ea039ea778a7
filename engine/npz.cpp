#include "engine/npz.h"

#include <fmt/core.h>
#include <zip.h>

#include <algorithm>
#include <memory>
#include <string_view>
#include <unordered_set>

#include "engine/npy.h"

namespace pith::engine {
namespace {

struct CloseArchive {
  void operator()(zip_t* archive) const { zip_discard(archive); }
};
struct CloseMember {
  void operator()(zip_file_t* member) const { zip_fclose(member); }
};
using Archive = std::unique_ptr<zip_t, CloseArchive>;
using Member = std::unique_ptr<zip_file_t, CloseMember>;

std::unexpected<Error> damaged(zip_error_t* error) {
  return fail(ErrorCode::data, fmt::format("not a readable .npz archive: {}", zip_error_strerror(error)));
}

Result<Archive> open_archive(const ir::Buffer& file) {
  zip_error_t error;
  zip_error_init(&error);
  const std::unique_ptr<zip_error_t, decltype(&zip_error_fini)> guard(&error, zip_error_fini);
  zip_source_t* source = zip_source_buffer_create(file.bytes().data(), file.size(), 0, &error);
  if (source == nullptr) return damaged(&error);
  Archive archive(zip_open_from_source(source, ZIP_RDONLY, &error));
  if (archive == nullptr) {
    zip_source_free(source);
    return damaged(&error);
  }
  return archive;
}

// Refuses what cannot be unpacked within the bounds, before anything is unpacked.
Result<void> check_member(const zip_stat_t& member, std::uint64_t file_bytes, std::uint64_t budget) {
  constexpr zip_uint64_t kNeeded = ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD;
  if ((member.valid & kNeeded) != kNeeded) return fail(ErrorCode::data, "its archive entry is incomplete");
  if (member.comp_method != ZIP_CM_STORE && member.comp_method != ZIP_CM_DEFLATE) {
    return fail(ErrorCode::data, fmt::format("compression method {} is not read", member.comp_method),
                "NumPy's savez and savez_compressed write what is");
  }
  const std::uint64_t most =
      member.comp_method == ZIP_CM_STORE ? member.comp_size : most_inflated(member.comp_size);
  if (member.comp_size > file_bytes || member.size > most) {
    return fail(ErrorCode::data,
                fmt::format("{} bytes cannot come out of {} packed ones", member.size, member.comp_size));
  }
  if (member.size > budget) {
    return fail(ErrorCode::data, fmt::format("unpacks to {} bytes, which is over the limit", member.size),
                "split the data into smaller files");
  }
  return {};
}

Result<ir::Buffer> unpack(zip_t* archive, zip_uint64_t index, std::uint64_t size) {
  const Member member(zip_fopen_index(archive, index, 0));
  if (member == nullptr) return damaged(zip_get_error(archive));
  std::string bytes(size, '\0');
  std::uint64_t done = 0;
  while (done < size) {
    const zip_int64_t count = zip_fread(member.get(), bytes.data() + done, size - done);
    if (count < 0) return damaged(zip_file_get_error(member.get()));
    if (count == 0) return fail(ErrorCode::data, "it is shorter than the archive says");
    done += static_cast<std::uint64_t>(count);
  }
  // The read that meets the end is the one that compares the checksum.
  char extra = 0;
  const zip_int64_t rest = zip_fread(member.get(), &extra, 1);
  if (rest < 0) return damaged(zip_file_get_error(member.get()));
  if (rest > 0) return fail(ErrorCode::data, "it is longer than the archive says");
  return ir::Buffer::own(std::move(bytes));
}

}  // namespace

Result<std::vector<NamedTensor>> read_npz(const ir::Buffer& file, std::uint64_t max_bytes) {
  constexpr std::string_view kExtension = ".npy";
  PITH_TRY(const Archive archive, open_archive(file));
  std::uint64_t budget = std::min(max_bytes, most_inflated(file.size()));
  std::vector<NamedTensor> arrays;
  std::unordered_set<std::string> names;
  const zip_int64_t count = zip_get_num_entries(archive.get(), 0);
  for (zip_uint64_t index = 0; static_cast<zip_int64_t>(index) < count; ++index) {
    zip_stat_t member;
    zip_stat_init(&member);
    if (zip_stat_index(archive.get(), index, 0, &member) != 0) return damaged(zip_get_error(archive.get()));
    std::string_view name = (member.valid & ZIP_STAT_NAME) != 0 ? member.name : "";
    if (!name.ends_with(kExtension)) continue;
    name.remove_suffix(kExtension.size());
    const std::string where = fmt::format("array '{}'", name);
    if (!names.emplace(name).second) return fail(ErrorCode::data, where + " is there twice");
    if (auto good = check_member(member, file.size(), budget); !good) {
      return std::unexpected(std::move(good).error().in(where));
    }
    budget -= member.size;
    auto bytes = unpack(archive.get(), index, member.size);
    if (!bytes) return std::unexpected(std::move(bytes).error().in(where));
    auto array = read_npy(*bytes);
    if (!array) return std::unexpected(std::move(array).error().in(where));
    arrays.push_back({std::string(name), *std::move(array)});
  }
  if (arrays.empty())
    return fail(ErrorCode::data, "the archive holds no arrays", "np.savez writes such archives");
  return arrays;
}

}  // namespace pith::engine
