// A container's model as one ONNX ModelProto, made from the stored graph without protobuf.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

#include "loader/container_reader.h"
#include "loader/graph_index.h"
#include "loader/status.h"
#include "loader/wire.h"

namespace pith::loader {

// Of a tensor that is never outside: its initializer lies in a subgraph, where runtimes do not look for
// others.
inline constexpr std::uint64_t kAlwaysInside = std::numeric_limits<std::uint64_t>::max();

// Where each tensor of a container is in the file of external data that a model may refer to: one after the
// other, each at a multiple of 64; or kAlwaysInside.
[[nodiscard]] Vector<std::uint64_t> external_offsets(const Container& container, const GraphIndex& index);

class OnnxModel {
 public:
  struct Source {
    std::span<const std::uint8_t> graph;
    const GraphIndex& index;
    const Container& container;
    std::span<const std::uint64_t> offsets;
  };

  // All must outlive this. `location` is the name of a file of external data; empty: values go into the
  // model. Refuses (StatusCode::limit) a model of 2 GiB and more, which ONNX cannot hold.
  [[nodiscard]] static Expected<OnnxModel> plan(const Source& source, std::string_view location) noexcept;

  // Bytes of the model.
  [[nodiscard]] std::uint64_t size() const { return size_; }

  // Writes the model of size() bytes but for the values inside of it; places[tensor] says where those go, and
  // is nullptr for those outside.
  void write(std::uint8_t* out, std::span<std::uint8_t*> places) const;

 private:
  OnnxModel(const Source& source, std::string_view location) : from_(source), location_(location) {}

  Status measure();
  [[nodiscard]] bool is_inside(std::size_t tensor) const {
    return location_.empty() || from_.offsets[tensor] == kAlwaysInside;
  }
  [[nodiscard]] std::uint64_t insertion_size(std::size_t tensor) const;
  void write_insertion(std::size_t tensor, WireWriter& out, std::span<std::uint8_t*> places) const;

  Source from_;
  std::string_view location_;
  std::uint64_t size_ = 0;
  Vector<std::uint64_t> growth_;  // of each message of the index
};

}  // namespace pith::loader
