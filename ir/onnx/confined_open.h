// Opens files that hostile models name, and nothing outside of a folder.
#pragma once

#include <filesystem>
#include <string>

#include "ir/file_descriptor.h"
#include "ir/result.h"

namespace pith::ir::onnx {

enum class Links : unsigned char {
  refused,  // no component of the path may be a symbolic link
  inside,   // links are followed as long as they stay below the root
};

// The regular file at `path`, which is relative to `root`, opened for reading. Refuses (ErrorCode::model):
// what is not there, what leads outside of the root, links as said, and anything but a regular file with one
// hard link. The kernel confines the path (openat2), so that no exchange of files for links between a check
// and the opening can lead outside; where it cannot, open_by_components() does the same, without links.
[[nodiscard]] Result<FileDescriptor> open_below(const std::filesystem::path& root, const std::string& path,
                                                Links links);

// The two ways, for tests: -1 with errno set where they refuse.
[[nodiscard]] FileDescriptor open_by_kernel(int root, const std::string& path, Links links);
[[nodiscard]] FileDescriptor open_by_components(int root, const std::string& path);

}  // namespace pith::ir::onnx
