// Any bytes as a file, and as the directory and sections behind a header that fits them: checksums are
// corrected on the way, so that the checks behind them are reached.
#include <zstd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <vector>

#include "codec/byte_writer.h"
#include "loader/container_reader.h"
#include "loader/decode.h"

namespace {

using Bytes = std::vector<std::uint8_t>;
namespace loader = pith::loader;

constexpr loader::Limits kLimits{.max_decoded_bytes = std::uint64_t{64} << 20};

Bytes compressed(std::span<const std::uint8_t> bytes) {
  Bytes frame(ZSTD_compressBound(bytes.size()));
  frame.resize(ZSTD_compress(frame.data(), frame.size(), bytes.data(), bytes.size(), 1));
  return frame;
}

// The first two bytes say how long the directory is.
Bytes with_header(std::span<const std::uint8_t> data, bool draft) {
  const std::size_t directory_size = std::min(data[0] + std::size_t{256} * data[1], data.size() - 2);
  const auto plain = data.subspan(2, directory_size);
  const auto sections = data.subspan(2 + directory_size);
  Bytes file(loader::kMagic.begin(), loader::kMagic.end());
  pith::codec::ByteWriter out(file);
  const Bytes directory = draft ? Bytes(plain.begin(), plain.end()) : compressed(plain);
  out.u16(draft ? 0 : loader::kMajorVersion);
  out.u16(draft ? loader::kLatestDraft : 0);
  out.u32(0);
  out.u64(loader::kHeaderSize + directory.size() + sections.size());
  out.u64(loader::kHeaderSize);
  out.u64(directory.size());
  out.u64(loader::hash_bytes(directory));
  out.u64(draft ? 0 : plain.size());
  out.u64(loader::hash_bytes(file));
  out.bytes(directory);
  out.bytes(sections);
  return file;
}

// Decodes the streams one by one and makes the checksums right; decode_tensor() then gets to its own rules.
void decode_with_right_checksums(loader::TensorInfo tensor) {
  tensor.payload_hash = loader::hash_bytes(tensor.payload);
  Bytes all;
  for (std::size_t i = 0; i < tensor.layout.stream_count; ++i) {
    Bytes part(static_cast<std::size_t>(tensor.layout.streams[i].size), 0xA5);
    const auto status = loader::decode_stream(tensor.streams[i].coder, tensor.streams[i].bytes,
                                              tensor.layout.streams[i], part);
    if (!status.ok()) return;
    all.insert(all.end(), part.begin(), part.end());
  }
  tensor.decoded_hash = loader::hash_bytes(all);
  const auto decoded = loader::decode_tensor(tensor);
  if (!decoded) return;
  if (decoded->positions.size() != tensor.header.nonzeros) std::abort();
}

void read(std::span<const std::uint8_t> file) {
  const auto container = loader::Container::open(file, kLimits);
  if (!container) {
    if (container.error().message().empty()) std::abort();
    return;
  }
  static_cast<void>(container->graph());
  for (const loader::TensorInfo& tensor : container->tensors()) {
    static_cast<void>(loader::decode_tensor(tensor));
    decode_with_right_checksums(tensor);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span<const std::uint8_t> bytes(data, size);
  read(bytes);
  for (const bool draft : {true, false}) {
    if (size >= 2) read(with_header(bytes, draft));
  }
  return 0;
}
