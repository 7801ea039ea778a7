// Reads gzip data in pieces, without trusting any size in it.
#pragma once

#include <zlib.h>

#include <cstddef>
#include <memory>
#include <span>

#include "ir/result.h"

namespace pith::engine {

// Whether the bytes start as gzip does.
[[nodiscard]] bool looks_like_gzip(std::span<const std::byte> bytes);

class GzipReader {
 public:
  // `packed` must outlive the reader.
  explicit GzipReader(std::span<const std::byte> packed);

  // Fills `out`; refuses (ErrorCode::data) data that is damaged or ends earlier.
  [[nodiscard]] Result<void> read(std::span<std::byte> out);

  // Refuses data that goes on, whose checksum is wrong, or with anything behind it.
  [[nodiscard]] Result<void> finish();

 private:
  struct End {
    void operator()(z_stream* stream) const;
  };
  // The bytes unpacked into `out`, fewer only at the end of the data.
  [[nodiscard]] Result<std::size_t> inflate_some(std::span<std::byte> out);

  std::span<const std::byte> packed_;
  std::unique_ptr<z_stream, End> stream_;
  bool ended_ = false;
};

}  // namespace pith::engine
