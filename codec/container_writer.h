// Puts encoded tensors and a graph together into a container (docs/format.md). Plain data in, bytes out.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "codec/encode.h"
#include "loader/format.h"
#include "loader/status.h"

namespace pith::codec {

struct TensorToWrite {
  std::string name;
  loader::TensorHeader header;
  std::vector<EncodedStream> streams;  // as many as the form has, in its order
  std::uint64_t decoded_hash = 0;      // XXH64 of the streams before coding, one after the other
};

// The bytes of the file; equal input gives equal bytes. `operators` may come unsorted and repeated.
// Refuses names that the format does not allow (empty, over 65,535 bytes, not clean UTF-8, repeated), a
// header that layout_of() refuses, a number of streams that does not fit the form, and a directory over 16
// MiB.
[[nodiscard]] loader::Expected<std::string> write_container(std::span<const std::uint8_t> graph,
                                                            std::vector<std::string> operators,
                                                            std::span<const TensorToWrite> tensors);

}  // namespace pith::codec
