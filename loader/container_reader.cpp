#include "loader/container_reader.h"

#include <xxhash.h>
#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <string>
#include <utility>

#include "loader/byte_reader.h"
#include "loader/sort.h"
#include "loader/text.h"

namespace pith::loader {
namespace {

using Bytes = std::span<const std::uint8_t>;

// Shortest operator, tensor and chunk records: what a count is checked against before memory is taken for it.
constexpr std::size_t kLeastOperatorSize = 2;
constexpr std::size_t kLeastTensorSize = 23;
constexpr std::size_t kLeastChunkSize = 10;
constexpr std::uint64_t kEndOfChunkIds = std::uint64_t{1} << 63;

struct Header {
  bool draft = false;  // version 0
  std::uint64_t directory_size = 0;
  std::uint64_t directory_hash = 0;
  std::uint64_t directory_expanded = 0;  // 0 in drafts
};

bool is_draft(std::uint16_t major, std::uint16_t minor) {
  return major == 0 && minor >= kOldestDraft && minor <= kLatestDraft;
}

template <class Text>
std::unexpected<Status> broken(const Text& what) {
  return std::unexpected(damaged(what));
}

Expected<Header> read_header(Bytes file) {
  if (file.size() < kHeaderSize) return broken("the file is too short to be a .pith file");
  if (!std::ranges::equal(kMagic, file.first(kMagic.size()))) return broken("this is not a .pith file");
  ByteReader in(file.first(kHeaderSize).subspan(kMagic.size()));
  const std::uint16_t major = in.u16();
  const std::uint16_t minor = in.u16();
  if (major != kMajorVersion && !is_draft(major, minor)) {
    return std::unexpected(
        Status(StatusCode::unsupported, "the file has format version " + std::to_string(major) + "." +
                                            std::to_string(minor) +
                                            ", this program reads versions 1 and 0.1 to 0.3"));
  }
  const std::uint32_t features = in.u32();
  const std::uint64_t file_size = in.u64();
  const std::uint64_t directory_offset = in.u64();
  Header header{.draft = major == 0};
  header.directory_size = in.u64();
  header.directory_hash = in.u64();
  header.directory_expanded = in.u64();
  const std::uint64_t header_hash = in.u64();
  if (header_hash != hash_bytes(file.first(kHeaderHashedSize))) return broken("the header is damaged");
  if ((features & ~kKnownFeatures) != 0) {
    return std::unexpected(
        Status(StatusCode::unsupported, "the file needs a feature that this program does not know"));
  }
  if (file_size != file.size()) {
    return broken("the file has " + std::to_string(file.size()) + " bytes instead of " +
                  std::to_string(file_size));
  }
  const bool compressed = header.directory_expanded != 0;
  if (compressed == header.draft || directory_offset != kHeaderSize) return broken("the header is invalid");
  if (std::max(header.directory_size, header.directory_expanded) > kMaxDirectorySize)
    return broken("the directory is larger than 16 MiB");
  if (header.directory_size > file.size() - kHeaderSize)
    return broken("the directory ends outside of the file");
  return header;
}

// Decompresses exactly one zstd frame of all these bytes to exactly all of `out`.
Status decompress(Bytes frame, std::span<std::uint8_t> out, const char* what) {
  if (ZSTD_findFrameCompressedSize(frame.data(), frame.size()) != frame.size())
    return damaged(std::string(what) + " is not one zstd frame");
  const std::size_t size = ZSTD_decompress(out.data(), out.size(), frame.data(), frame.size());
  if (ZSTD_getErrorCode(size) == ZSTD_error_memory_allocation) return out_of_memory();
  if (ZSTD_isError(size) != 0U || size != out.size()) return damaged(std::string(what) + " does not decode");
  return {};
}

}  // namespace

std::uint64_t hash_bytes(Bytes bytes) {
  return XXH64(bytes.data(), bytes.size(), 0);
}

// Walks the directory once; `sections_` is what is left of the file for the sections it lists.
class DirectoryReader {
 public:
  DirectoryReader(bool draft, Bytes directory, Bytes sections, const Limits& limits)
      : draft_(draft), in_(directory), sections_(sections), left_to_decode_(limits.max_decoded_bytes) {}

  Expected<Container> read() {
    for (Status (DirectoryReader::*part)() :
         {&DirectoryReader::read_graph, &DirectoryReader::read_operators, &DirectoryReader::read_tensors,
          &DirectoryReader::skip_chunks}) {
      if (Status status = (this->*part)(); !status.ok()) return std::unexpected(std::move(status));
    }
    if (in_.left() != 0) return broken("the directory has bytes after its end");
    if (!sections_.empty()) return broken("the file has bytes after its last section");
    container_.draft_ = draft_;
    return std::move(container_);
  }

 private:
  static Status cut_short() { return damaged("the directory is cut short"); }

  // Takes a section of `used` bytes, padded to the least size that may expand to `expanded` bytes.
  Status take_section(std::uint64_t used, std::uint64_t expanded, Bytes& section) {
    if (expanded > left_to_decode_) {
      return {StatusCode::limit, "the file decodes to more bytes than the limit allows"};
    }
    left_to_decode_ -= expanded;
    const std::uint64_t size = std::max(used, least_stored_size(expanded));
    if (size > sections_.size()) return damaged("a section ends outside of the file");
    section = sections_.first(static_cast<std::size_t>(size));
    sections_ = sections_.subspan(static_cast<std::size_t>(size));
    return {};
  }

  Status read_graph() {
    const std::uint64_t frame_size = in_.varint();
    container_.graph_size_ = in_.varint();
    container_.graph_payload_hash_ = in_.u64();
    container_.graph_hash_ = in_.u64();
    if (in_.failed()) return cut_short();
    Status status = take_section(frame_size, container_.graph_size_, container_.graph_payload_);
    if (!status.ok()) return std::move(status).in("graph");
    container_.graph_frame_ = container_.graph_payload_.first(static_cast<std::size_t>(frame_size));
    return {};
  }

  Status read_operators() {
    const std::uint64_t count = in_.varint();
    if (in_.failed() || count > in_.left() / kLeastOperatorSize) return cut_short();
    container_.operators_.reserve(static_cast<std::size_t>(count));
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::string_view name = in_.string();
      if (in_.failed()) return cut_short();
      if (Status status = check_text(name, "an operator's name"); !status.ok()) return status;
      if (i > 0 && name <= container_.operators_.back()) return damaged("the operators are not sorted");
      container_.operators_.push_back(name);
    }
    return {};
  }

  Status read_tensors() {
    const std::uint64_t count = in_.varint();
    if (in_.failed() || count > in_.left() / kLeastTensorSize) return cut_short();
    container_.tensors_.reserve(static_cast<std::size_t>(count));
    Vector<std::size_t> by_name(static_cast<std::size_t>(count));
    for (std::uint64_t i = 0; i < count; ++i) {
      TensorInfo& tensor = container_.tensors_.emplace_back();
      tensor.name = in_.string();
      if (in_.failed()) return cut_short();
      if (Status status = check_text(tensor.name, "a tensor's name"); !status.ok()) return status;
      if (Status status = read_tensor(tensor); !status.ok()) {
        return std::move(status).in(quoted("tensor", tensor.name));
      }
      by_name[i] = i;
    }
    const auto name = [&](std::size_t i) { return container_.tensors_[i].name; };
    sort_numbers(by_name, [&](std::size_t a, std::size_t b) { return name(a) < name(b); });
    for (std::size_t i = 1; i < by_name.size(); ++i) {
      if (name(by_name[i - 1]) == name(by_name[i])) return damaged("two tensors have the same name");
    }
    return {};
  }

  // Sections that this version does not know, and that a file may be read without.
  Status skip_chunks() {
    if (draft_) return {};
    const std::uint64_t count = in_.varint();
    if (in_.failed() || count > in_.left() / kLeastChunkSize) return cut_short();
    std::uint64_t least_id = 0;
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::uint64_t id = in_.varint();
      const std::uint64_t size = in_.varint();
      static_cast<void>(in_.u64());  // its checksum
      if (in_.failed()) return cut_short();
      if (id < least_id || id >= kEndOfChunkIds) return damaged("the chunks are not sorted");
      least_id = id + 1;
      Bytes chunk;
      if (Status status = take_section(size, size, chunk); !status.ok()) return std::move(status).in("chunk");
    }
    return {};
  }

  static Status check_text(std::string_view text, const char* what) {
    if (text.empty() || text.size() > kMaxNameSize || !is_clean_utf8(text)) {
      return damaged(std::string(what) + " is empty, too long or not clean UTF-8");
    }
    return {};
  }

  Status read_tensor(TensorInfo& tensor) {
    if (Status status = read_tensor_header(tensor.header); !status.ok()) return status;
    auto layout = layout_of(tensor.header);
    if (!layout) return std::move(layout).error();
    tensor.layout = *layout;
    std::array<std::uint64_t, kMaxStreams> sizes{};
    std::uint64_t used = 0;
    for (std::size_t i = 0; i < tensor.layout.stream_count; ++i) {
      const std::uint8_t coder = in_.u8();
      sizes[i] = in_.varint();
      if (in_.failed()) return cut_short();
      if (coder > kLastCoder) return {StatusCode::unsupported, "its coder is unknown"};
      tensor.streams[i].coder = static_cast<Coder>(coder);
      if (tensor.streams[i].coder == Coder::same) {
        Status status = find_same(tensor.header, i, std::exchange(sizes[i], 0), tensor.streams[i]);
        if (!status.ok()) return status;
        continue;
      }
      const auto sum = checked_add(used, sizes[i]);
      if (!sum) return damaged("its sizes overflow");
      used = *sum;
    }
    tensor.payload_hash = in_.u64();
    tensor.decoded_hash = in_.u64();
    if (in_.failed()) return cut_short();
    if (Status status = take_section(used, tensor.layout.expanded_size, tensor.payload); !status.ok())
      return status;
    Bytes rest = tensor.payload;
    for (std::size_t i = 0; i < tensor.layout.stream_count; ++i) {
      if (tensor.streams[i].elsewhere) continue;
      tensor.streams[i].bytes = rest.first(static_cast<std::size_t>(sizes[i]));
      rest = rest.subspan(static_cast<std::size_t>(sizes[i]));
    }
    return {};
  }

  // Stream `i` of an earlier tensor of the same header; the last of tensors_ is the one being read.
  Status find_same(const TensorHeader& header, std::size_t i, std::uint64_t number, StoredStream& stream) {
    if (number >= container_.tensors_.size() - 1) return damaged("it shares a stream with a later tensor");
    const TensorInfo& earlier = container_.tensors_[static_cast<std::size_t>(number)];
    if (earlier.header != header) return damaged("it shares a stream with a tensor of another kind");
    if (earlier.streams[i].elsewhere) return damaged("it shares a stream that is itself elsewhere");
    stream = earlier.streams[i];
    stream.elsewhere = true;
    return {};
  }

  Status read_tensor_header(TensorHeader& header) {
    header.dtype = in_.u8();
    const std::size_t rank = in_.u8();
    if (in_.failed()) return cut_short();
    if (rank > kMaxRank) return damaged("it has more than 8 dimensions");
    header.dims.reserve(rank);
    for (std::size_t i = 0; i < rank; ++i) header.dims.push_back(in_.varint());
    const std::uint8_t form = in_.u8();
    if (in_.failed()) return cut_short();
    if (form > kLastForm) return {StatusCode::unsupported, "its form is unknown"};
    header.form = static_cast<Form>(form);
    if (header.form == Form::affine) {
      const std::uint8_t flags = in_.u8();
      if ((flags & ~(kAffineSignedCodes | kAffineZeroPoints)) != 0) return damaged("it has unknown flags");
      header.signed_codes = (flags & kAffineSignedCodes) != 0;
      header.has_zero_points = (flags & kAffineZeroPoints) != 0;
      header.bits = in_.u8();
      header.axis = in_.u8();
      header.block = in_.varint();
    } else if (header.form == Form::codebook) {
      header.bits = in_.u8();
      header.axis = in_.u8();
      header.entries = in_.varint();
    } else if (header.form == Form::sparse) {
      header.nonzeros = in_.varint();
      header.gap_bytes = in_.varint();
    }
    return in_.failed() ? cut_short() : Status();
  }

  bool draft_;
  ByteReader in_;
  Bytes sections_;
  std::uint64_t left_to_decode_;
  Container container_;
};

Expected<Container> Container::open(Bytes file, const Limits& limits) noexcept {
  return guarded([&]() -> Expected<Container> {
    PITH_LOADER_TRY(const Header header, read_header(file));
    const Bytes stored = file.subspan(kHeaderSize, static_cast<std::size_t>(header.directory_size));
    if (hash_bytes(stored) != header.directory_hash) return broken("the directory is damaged");
    const Bytes sections = file.subspan(kHeaderSize + stored.size());
    if (header.draft) return DirectoryReader(true, stored, sections, limits).read();
    if (stored.size() < least_stored_size(header.directory_expanded))
      return broken("the directory expands too far");
    Vector<std::uint8_t> directory(static_cast<std::size_t>(header.directory_expanded));
    if (Status status = decompress(stored, directory, "the directory"); !status.ok())
      return std::unexpected(std::move(status));
    PITH_LOADER_TRY(Container container, DirectoryReader(false, directory, sections, limits).read());
    container.directory_ = std::move(directory);
    return container;
  });
}

Expected<std::vector<std::uint8_t>> Container::graph() const noexcept {
  return guarded([&]() -> Expected<std::vector<std::uint8_t>> {
    std::vector<std::uint8_t> bytes(static_cast<std::size_t>(graph_size_));
    if (Status status = graph(bytes); !status.ok()) return std::unexpected(std::move(status));
    return bytes;
  });
}

Status Container::graph(std::span<std::uint8_t> out) const noexcept {
  return guarded([&]() -> Status {
    const auto padding = graph_payload_.subspan(graph_frame_.size());
    if (hash_bytes(graph_payload_) != graph_payload_hash_) return damaged("the graph is damaged");
    if (std::ranges::any_of(padding, [](std::uint8_t byte) { return byte != 0; })) {
      return damaged("the graph's padding is not zero");
    }
    if (Status status = decompress(graph_frame_, out, "the graph"); !status.ok()) return status;
    return hash_bytes(out) == graph_hash_ ? Status() : damaged("the graph's checksum does not match");
  });
}

}  // namespace pith::loader
