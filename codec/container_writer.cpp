#include "codec/container_writer.h"

#include <zstd.h>

#include <algorithm>
#include <set>

#include "codec/byte_writer.h"
#include "loader/container_reader.h"
#include "loader/text.h"

namespace pith::codec {
namespace {

using Bytes = std::vector<std::uint8_t>;
using loader::damaged;

// High enough that a graph comes out at its smallest, low enough that it takes no time to speak of.
constexpr int kGraphLevel = 19;

std::unexpected<loader::Status> refuse(std::string what) {
  return std::unexpected(damaged(std::move(what)));
}

loader::Expected<Bytes> compress_graph(std::span<const std::uint8_t> graph) {
  Bytes frame(ZSTD_compressBound(graph.size()));
  const std::size_t size = ZSTD_compress(frame.data(), frame.size(), graph.data(), graph.size(), kGraphLevel);
  if (ZSTD_isError(size) != 0U) return refuse(std::string("zstd: ") + ZSTD_getErrorName(size));
  frame.resize(size);
  return frame;
}

// Ends the section that starts at `start`: pads it and returns its checksum.
std::uint64_t end_section(Bytes& sections, std::size_t start, std::uint64_t expanded_size) {
  const auto least = static_cast<std::size_t>(loader::least_stored_size(expanded_size));
  sections.resize(std::max(sections.size(), start + least));
  return loader::hash_bytes(std::span(sections).subspan(start));
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

// Appends the tensor's record to `directory` and its payload to `sections`.
loader::Status put_tensor(const TensorToWrite& tensor, ByteWriter& directory, Bytes& sections) {
  const auto layout = loader::layout_of(tensor.header);
  if (!layout) return layout.error();
  if (tensor.streams.size() != layout->stream_count) return damaged("its streams do not fit its form");
  directory.string(tensor.name);
  put_tensor_header(tensor.header, directory);
  const std::size_t start = sections.size();
  for (const EncodedStream& stream : tensor.streams) {
    directory.u8(static_cast<std::uint8_t>(stream.coder));
    directory.varint(stream.bytes.size());
    sections.insert(sections.end(), stream.bytes.begin(), stream.bytes.end());
  }
  directory.u64(end_section(sections, start, layout->expanded_size));
  directory.u64(tensor.decoded_hash);
  return {};
}

Bytes header_of(const Bytes& directory, std::size_t sections_size) {
  Bytes header(loader::kMagic.begin(), loader::kMagic.end());
  ByteWriter out(header);
  out.u16(loader::kMajorVersion);
  out.u16(loader::kMinorVersion);
  out.u32(0);  // features
  out.u64(loader::kHeaderSize + directory.size() + sections_size);
  out.u64(loader::kHeaderSize);
  out.u64(directory.size());
  out.u64(loader::hash_bytes(directory));
  out.u64(0);  // reserved
  out.u64(loader::hash_bytes(header));
  return header;
}

}  // namespace

loader::Expected<std::string> write_container(std::span<const std::uint8_t> graph,
                                              std::vector<std::string> operators,
                                              std::span<const TensorToWrite> tensors) {
  Bytes directory;
  ByteWriter out(directory);
  PITH_LOADER_TRY(Bytes sections, compress_graph(graph));
  out.varint(sections.size());
  out.varint(graph.size());
  out.u64(end_section(sections, 0, graph.size()));
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
  for (const TensorToWrite& tensor : tensors) {
    const std::string where = "tensor '" + tensor.name + "'";
    if (!name_is_allowed(tensor.name)) return refuse(where + " has a name that cannot be stored");
    if (!names.insert(tensor.name).second) return refuse(where + " occurs twice");
    loader::Status status = put_tensor(tensor, out, sections);
    if (!status.ok()) return std::unexpected(std::move(status).in(where));
  }
  if (directory.size() > loader::kMaxDirectorySize)
    return refuse("the directory would be larger than 16 MiB");

  const Bytes header = header_of(directory, sections.size());
  std::string file;
  file.reserve(header.size() + directory.size() + sections.size());
  for (const Bytes* part :
       {&header, static_cast<const Bytes*>(&directory), static_cast<const Bytes*>(&sections)}) {
    file.append(part->begin(), part->end());
  }
  return file;
}

}  // namespace pith::codec
