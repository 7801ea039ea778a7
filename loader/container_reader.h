// Opens a container: checks the header and the directory, and hands out what
// they say. Nothing is decoded and no payload is read before it is asked for.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "loader/format.h"
#include "loader/status.h"
#include "loader/tensor_layout.h"

namespace pith::loader {

struct Limits {
  // Decoded graph and tensors together, each tensor counted as the larger of
  // its plain values and its decoded streams.
  std::uint64_t max_decoded_bytes = std::uint64_t{8} << 30;
};

struct StoredStream {
  Coder coder = Coder::raw;  // never `same`: coder and bytes are then those of the earlier tensor
  std::span<const std::uint8_t> bytes;
  bool elsewhere = false;  // the bytes are in the payload of an earlier tensor
};

// One tensor of the directory; the views point into the file's bytes or into the container.
struct TensorInfo {
  std::string_view name;
  TensorHeader header;
  TensorLayout layout;
  std::array<StoredStream, kMaxStreams> streams;
  std::span<const std::uint8_t> payload;  // the streams that are not elsewhere, then padding
  std::uint64_t payload_hash = 0;
  std::uint64_t decoded_hash = 0;
};

class Container {
 public:
  Container(Container&&) noexcept = default;
  Container& operator=(Container&&) noexcept = default;
  Container(const Container&) = delete;  // names are views of `directory_`
  Container& operator=(const Container&) = delete;
  ~Container() = default;

  // Reads the header and directory of a whole file in memory, which must
  // outlive the container. Refuses anything that docs/format.md does not
  // allow, and (StatusCode::limit) files that decode to more than `limits`.
  [[nodiscard]] static Expected<Container> open(std::span<const std::uint8_t> file,
                                                const Limits& limits = {}) noexcept;

  // Whether the file is of a draft of the format, whose writers left out an operator that only stands for
  // constants.
  [[nodiscard]] bool is_draft() const { return draft_; }

  // In file order; names are unique.
  [[nodiscard]] std::span<const TensorInfo> tensors() const { return tensors_; }

  // Operators of the model, sorted: "Conv", or "com.microsoft::MatMulNBits" outside of ONNX's own domain.
  [[nodiscard]] std::span<const std::string_view> operators() const { return operators_; }

  // Bytes of the graph section, and of the graph when decoded.
  [[nodiscard]] std::uint64_t graph_stored_size() const { return graph_payload_.size(); }
  [[nodiscard]] std::uint64_t graph_size() const { return graph_size_; }

  // The graph: a serialized ONNX ModelProto without the weights listed in
  // tensors(). Both checksums are verified first.
  [[nodiscard]] Expected<std::vector<std::uint8_t>> graph() const noexcept;
  // The same into `out`, which must have graph_size() bytes.
  [[nodiscard]] Status graph(std::span<std::uint8_t> out) const noexcept;

 private:
  Container() = default;

  Vector<std::uint8_t> directory_;  // decompressed; empty in drafts, where it is in the file
  std::span<const std::uint8_t> graph_frame_;
  std::span<const std::uint8_t> graph_payload_;
  bool draft_ = false;
  std::uint64_t graph_size_ = 0;
  std::uint64_t graph_payload_hash_ = 0;
  std::uint64_t graph_hash_ = 0;
  Vector<std::string_view> operators_;
  Vector<TensorInfo> tensors_;

  friend class DirectoryReader;
};

// XXH64 with seed 0, the checksum used throughout.
[[nodiscard]] std::uint64_t hash_bytes(std::span<const std::uint8_t> bytes);

}  // namespace pith::loader
