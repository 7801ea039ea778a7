#include "loader/open_file.h"

#include <algorithm>

#include "loader/plain_values.h"

namespace pith::loader {
namespace {

void keep_names(OpenFile& file) {
  std::size_t size = 0;
  for (const TensorInfo& tensor : file.container.tensors()) size += tensor.name.size() + 1;
  for (const std::string_view name : file.container.operators()) size += name.size() + 1;
  file.texts.reserve(size);  // so that what is in it stays where it is
  const auto keep = [&](std::string_view name) {
    const std::size_t start = file.texts.size();
    file.texts.insert(file.texts.end(), name.begin(), name.end());
    file.texts.push_back('\0');
    return file.texts.data() + start;
  };
  file.tensor_names.reserve(file.container.tensors().size());
  file.operator_names.reserve(file.container.operators().size());
  for (const TensorInfo& tensor : file.container.tensors()) file.tensor_names.push_back(keep(tensor.name));
  for (const std::string_view name : file.container.operators()) file.operator_names.push_back(keep(name));
}

}  // namespace

Expected<OpenFile> OpenFile::open(FileBytes owned, std::span<const std::uint8_t> bytes,
                                  const Limits& limits) noexcept {
  return guarded([&]() -> Expected<OpenFile> {
    PITH_LOADER_TRY(Container container, Container::open(bytes, limits));
    OpenFile file{.owned = std::move(owned), .container = std::move(container)};
    file.graph.resize(static_cast<std::size_t>(file.container.graph_size()));
    if (Status status = file.container.graph(file.graph); !status.ok())
      return std::unexpected(std::move(status));
    PITH_LOADER_TRY(file.index, index_graph(file.graph, file.container));
    file.offsets = external_offsets(file.container, file.index);
    keep_names(file);
    return file;
  });
}

Status OpenFile::decode(std::size_t tensor, std::span<std::uint8_t> out) const {
  const TensorInfo& info = container.tensors()[tensor];
  Status status = decode_plain(info, out);
  owned.done_with(info.payload);
  return status;
}

}  // namespace pith::loader
