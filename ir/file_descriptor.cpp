#include "ir/file_descriptor.h"

#include <fcntl.h>

#include <cstdlib>

namespace pith::ir {

FileDescriptor FileDescriptor::temporary(const std::filesystem::path& folder, std::string& path) {
  constexpr std::string_view kEnd = ".pith-tmp";
  path = (folder / ".XXXXXX").string().append(kEnd);
  return FileDescriptor(::mkostemps(path.data(), static_cast<int>(kEnd.size()), O_CLOEXEC));
}

}  // namespace pith::ir
