// Puts encoded tensors and a graph together into a container (docs/format.md). Plain data in, bytes out.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "codec/encode.h"
#include "ir/pieces.h"
#include "loader/format.h"
#include "loader/status.h"

namespace pith::codec {

struct StreamToWrite {
  StreamToWrite() = default;
  StreamToWrite(loader::Coder stored_by, ir::Buffer stored) : coder(stored_by), bytes(std::move(stored)) {}
  StreamToWrite(EncodedStream stream)  // NOLINT(google-explicit-constructor): the same thing, held otherwise
      : coder(stream.coder), bytes(ir::Buffer::own(std::move(stream.bytes))) {}

  loader::Coder coder = loader::Coder::raw;
  ir::Buffer bytes;
};

struct TensorToWrite {
  std::string name;
  loader::TensorHeader header;
  std::vector<StreamToWrite> streams;  // as many as the form has, in its order
  std::uint64_t decoded_hash = 0;      // XXH64 of the streams before coding, one after the other
};

// The file, which shares the bytes of the streams; equal input gives equal bytes. `operators` may come
// unsorted and repeated. Refuses names that the format does not allow (empty, over 65,535 bytes, not clean
// UTF-8, repeated), a header that layout_of() refuses, a number of streams that does not fit the form, and a
// directory over 16 MiB.
[[nodiscard]] loader::Expected<ir::Pieces> write_container(std::span<const std::uint8_t> graph,
                                                           std::vector<std::string> operators,
                                                           std::span<const TensorToWrite> tensors);

}  // namespace pith::codec
