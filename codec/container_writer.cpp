#include "codec/container_writer.h"

#include <xxhash.h>
#include <zstd.h>

#include <algorithm>
#include <optional>
#include <set>
#include <unordered_map>

#include "codec/byte_writer.h"
#include "loader/container_reader.h"
#include "loader/text.h"

namespace pith::codec {
namespace {

using Bytes = std::vector<std::uint8_t>;
using loader::damaged;

// High enough that graphs and directories come out at their smallest, low enough that it takes no time to
// speak of.
constexpr int kLevel = 19;

std::unexpected<loader::Status> refuse(std::string what) {
  return std::unexpected(damaged(std::move(what)));
}

loader::Expected<Bytes> compress(std::span<const std::uint8_t> bytes) {
  Bytes frame(ZSTD_compressBound(bytes.size()));
  const std::size_t size = ZSTD_compress(frame.data(), frame.size(), bytes.data(), bytes.size(), kLevel);
  if (ZSTD_isError(size) != 0U) return refuse(std::string("zstd: ") + ZSTD_getErrorName(size));
  frame.resize(size);
  return frame;
}

// Appends a section of these parts to the file, padded to the least size that may expand so far; returns its
// checksum. The bytes of large sections are let go of afterwards.
std::uint64_t put_section(std::span<const ir::Buffer> parts, std::uint64_t expanded_size,
                          ir::Pieces& sections) {
  XXH64_state_t hash;
  XXH64_reset(&hash, 0);
  std::uint64_t size = 0;
  const auto put = [&](const ir::Buffer& part) {
    XXH64_update(&hash, part.bytes().data(), part.size());
    part.release();
    size += part.size();
    sections.add(part);
  };
  for (const ir::Buffer& part : parts) put(part);
  const std::uint64_t least = loader::least_stored_size(expanded_size);
  if (size < least) put(ir::Buffer::own(std::string(static_cast<std::size_t>(least - size), '\0')));
  return XXH64_digest(&hash);
}

bool name_is_allowed(const std::string& name) {
  return !name.empty() && name.size() <= loader::kMaxNameSize && loader::is_clean_utf8(name);
}

void put_tensor_header(const loader::TensorHeader& header, ByteWriter& out) {
  out.u8(header.dtype);
  out.u8(static_cast<std::uint8_t>(header.dims.size()));
  for (const std::uint64_t dim : header.dims) out.varint(dim);
  out.u8(static_cast<std::uint8_t>(header.form));
  switch (header.form) {
    case loader::Form::dense:
      break;
    case loader::Form::affine:
      out.u8(static_cast<std::uint8_t>((header.signed_codes ? loader::kAffineSignedCodes : 0) |
                                       (header.has_zero_points ? loader::kAffineZeroPoints : 0)));
      out.u8(header.bits);
      out.u8(header.axis);
      out.varint(header.block);
      break;
    case loader::Form::codebook:
      out.u8(header.bits);
      out.u8(header.axis);
      out.varint(header.entries);
      break;
    case loader::Form::sparse:
      out.varint(header.nonzeros);
      out.varint(header.gap_bytes);
      break;
  }
}

// Finds tensors that are stored already.
class EarlierTensors {
 public:
  // The number of an earlier tensor that is stored in the same way with the same bytes, if those are worth
  // a reference; else remembers this one.
  std::optional<std::uint64_t> find_or_add(const TensorToWrite& tensor, std::uint64_t number) {
    std::size_t size = 0;
    for (const StreamToWrite& stream : tensor.streams) size += stream.bytes.size();
    if (size < kLeastShared) return std::nullopt;
    const auto [begin, end] = tensors_.equal_range(tensor.decoded_hash);
    for (auto earlier = begin; earlier != end; ++earlier) {
      if (are_stored_alike(*earlier->second.first, tensor)) return earlier->second.second;
    }
    tensors_.emplace(tensor.decoded_hash, std::pair(&tensor, number));
    return std::nullopt;
  }

 private:
  static constexpr std::size_t kLeastShared = 64;

  static bool are_stored_alike(const TensorToWrite& a, const TensorToWrite& b) {
    return a.header == b.header && std::ranges::equal(a.streams, b.streams, [](const auto& x, const auto& y) {
             return x.coder == y.coder && x.bytes.text() == y.bytes.text();
           });
  }

  std::unordered_multimap<std::uint64_t, std::pair<const TensorToWrite*, std::uint64_t>> tensors_;
};

// Appends the tensor's record to `directory` and its payload to `sections`. The streams of a tensor that is
// stored already are those of that one.
loader::Status put_tensor(const TensorToWrite& tensor, std::optional<std::uint64_t> earlier,
                          ByteWriter& directory, ir::Pieces& sections) {
  const auto layout = loader::layout_of(tensor.header);
  if (!layout) return layout.error();
  if (tensor.streams.size() != layout->stream_count) return damaged("its streams do not fit its form");
  directory.string(tensor.name);
  put_tensor_header(tensor.header, directory);
  std::vector<ir::Buffer> parts;
  for (const StreamToWrite& stream : tensor.streams) {
    directory.u8(static_cast<std::uint8_t>(earlier ? loader::Coder::same : stream.coder));
    directory.varint(earlier ? *earlier : stream.bytes.size());
    if (!earlier) parts.push_back(stream.bytes);
  }
  directory.u64(put_section(parts, layout->expanded_size, sections));
  directory.u64(tensor.decoded_hash);
  return {};
}

// `directory` is compressed, and `expanded` its size before.
Bytes header_of(const Bytes& directory, std::uint64_t expanded, std::uint64_t sections_size) {
  Bytes header(loader::kMagic.begin(), loader::kMagic.end());
  ByteWriter out(header);
  out.u16(loader::kMajorVersion);
  out.u16(loader::kMinorVersion);
  out.u32(0);  // features
  out.u64(loader::kHeaderSize + directory.size() + sections_size);
  out.u64(loader::kHeaderSize);
  out.u64(directory.size());
  out.u64(loader::hash_bytes(directory));
  out.u64(expanded);
  out.u64(loader::hash_bytes(header));
  return header;
}

}  // namespace

loader::Expected<ir::Pieces> write_container(std::span<const std::uint8_t> graph,
                                             std::vector<std::string> operators,
                                             std::span<const TensorToWrite> tensors) {
  Bytes directory;
  ByteWriter out(directory);
  PITH_LOADER_TRY(Bytes frame, compress(graph));
  const ir::Buffer frame_bytes = ir::Buffer::own(std::move(frame));
  ir::Pieces sections;
  out.varint(frame_bytes.size());
  out.varint(graph.size());
  out.u64(put_section(std::span(&frame_bytes, 1), graph.size(), sections));
  out.u64(loader::hash_bytes(graph));

  std::ranges::sort(operators);
  operators.erase(std::ranges::unique(operators).begin(), operators.end());
  out.varint(operators.size());
  for (const std::string& name : operators) {
    if (!name_is_allowed(name)) return refuse("operator '" + name + "' has a name that cannot be stored");
    out.string(name);
  }

  out.varint(tensors.size());
  std::set<std::string_view> names;
  EarlierTensors earlier;
  std::uint64_t number = 0;
  for (const TensorToWrite& tensor : tensors) {
    const std::string where = "tensor '" + tensor.name + "'";
    if (!name_is_allowed(tensor.name)) return refuse(where + " has a name that cannot be stored");
    if (!names.insert(tensor.name).second) return refuse(where + " occurs twice");
    loader::Status status = put_tensor(tensor, earlier.find_or_add(tensor, number++), out, sections);
    if (!status.ok()) return std::unexpected(std::move(status).in(where));
  }
  out.varint(0);  // chunks
  PITH_LOADER_TRY(Bytes stored, compress(directory));
  if (std::max(directory.size(), stored.size()) > loader::kMaxDirectorySize)
    return refuse("the directory would be larger than 16 MiB");
  if (stored.size() < loader::least_stored_size(directory.size()))
    return refuse("the directory would expand more than 4096 times");

  ir::Pieces file;
  file.add(ir::Buffer::own(header_of(stored, directory.size(), sections.size())));
  file.add(ir::Buffer::own(std::move(stored)));
  for (const ir::Buffer& part : sections.parts()) file.add(part);
  return file;
}

}  // namespace pith::codec
