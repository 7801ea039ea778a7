// What a handle of the C interface holds. Nothing in it changes after it was opened.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "loader/container_reader.h"
#include "loader/file_bytes.h"
#include "loader/graph_index.h"
#include "loader/memory.h"
#include "loader/onnx_model.h"

namespace pith::loader {

struct OpenFile {
  // Reads and verifies all but the tensors' values. `bytes` are those of `owned`, or of the caller.
  [[nodiscard]] static Expected<OpenFile> open(FileBytes owned, std::span<const std::uint8_t> bytes,
                                               const Limits& limits) noexcept;

  // Decodes a tensor's plain values; lets go of the pages of a mapped file that it has read.
  [[nodiscard]] Status decode(std::size_t tensor, std::span<std::uint8_t> out) const;

  // The model with its values inside (no location) or outside.
  [[nodiscard]] Expected<OnnxModel> onnx(std::string_view location) const {
    return OnnxModel::plan({graph, index, container, offsets}, location);
  }

  FileBytes owned;  // of a file on disk
  Container container;
  Vector<std::uint8_t> graph{};
  GraphIndex index{};
  Vector<std::uint64_t> offsets{};       // of tensors in a file of external data
  Vector<char> texts{};                  // names of tensors, then of operators, each with NUL
  Vector<const char*> tensor_names{};    // in `texts`
  Vector<const char*> operator_names{};  // in `texts`
};

}  // namespace pith::loader
