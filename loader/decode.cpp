#include "loader/decode.h"

#include <xxhash.h>
#include <zstd.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "loader/byte_reader.h"
#include "loader/fast_decoder.h"
#include "loader/huffman_decoder.h"
#include "loader/memory.h"
#include "loader/parallel.h"
#include "loader/plain_bytes.h"
#include "loader/small_decoder.h"

namespace pith::loader {
namespace {

using Bytes = std::span<const std::uint8_t>;
using MutableBytes = std::span<std::uint8_t>;

Status decode_raw(Bytes stored, const StreamLayout& layout, MutableBytes out) {
  if (layout.packed_bits < 8) return unpack_codes(stored, layout.packed_bits, layout.packed_signed, out);
  if (stored.size() != out.size()) return damaged("a raw stream has the wrong size");
  std::ranges::copy(stored, out.begin());
  return {};
}

Status decode_constant(Bytes stored, MutableBytes out) {
  if (stored.size() != 1) return damaged("a constant stream has the wrong size");
  std::ranges::fill(out, stored[0]);
  return {};
}

// The coders that are not made of others. An empty stream is raw.
Status decode_simple(std::uint8_t coder, Bytes stored, MutableBytes out) {
  if (out.empty() || coder == static_cast<std::uint8_t>(Coder::raw)) {
    if (coder != static_cast<std::uint8_t>(Coder::raw))
      return damaged("an empty stream is not stored as such");
    return decode_raw(stored, {}, out);
  }
  if (coder == static_cast<std::uint8_t>(Coder::huffman)) return decode_huffman(stored, out);
  if (coder == static_cast<std::uint8_t>(Coder::constant)) return decode_constant(stored, out);
  return damaged("a part of a stream has a coder that is not one of parts");
}

// The value that most bytes have, the runs of it between the others, and the others. A run of 255 is
// followed by another run, a shorter one by a value.
Status decode_runs(Bytes stored, MutableBytes out) {
  ByteReader in(stored);
  const std::uint8_t common = in.u8();
  const std::uint64_t run_count = in.varint();
  const std::uint64_t value_count = in.varint();
  const std::uint8_t run_coder = in.u8();
  const std::uint64_t run_size = in.varint();
  const std::uint8_t value_coder = in.u8();
  const Bytes rest = stored.subspan(in.position());
  if (in.failed() || run_size > rest.size()) return damaged("a stream of runs is cut short");
  if (run_count > out.size() || value_count > run_count)
    return damaged("a stream of runs is longer than its tensor");
  Vector<std::uint8_t> runs(static_cast<std::size_t>(run_count));
  Vector<std::uint8_t> values(static_cast<std::size_t>(value_count));
  Status status = decode_simple(run_coder, rest.first(static_cast<std::size_t>(run_size)), runs);
  if (!status.ok()) return status;
  status = decode_simple(value_coder, rest.subspan(static_cast<std::size_t>(run_size)), values);
  if (!status.ok()) return status;

  std::ranges::fill(out, common);
  std::size_t at = 0;
  std::size_t used = 0;
  for (const std::uint8_t run : runs) {
    if (run > out.size() - at) return damaged("a stream of runs is longer than its tensor");
    at += run;
    if (run == kLongestRun) continue;
    if (at == out.size() || used == values.size()) return damaged("runs and values do not match");
    out[at++] = values[used++];
  }
  return used == values.size() ? Status() : damaged("runs and values do not match");
}

Status decode_zstd(Bytes stored, MutableBytes out) {
  if (ZSTD_findFrameCompressedSize(stored.data(), stored.size()) != stored.size()) {
    return damaged("a stream is not one zstd frame");
  }
  const std::size_t size = ZSTD_decompress(out.data(), out.size(), stored.data(), stored.size());
  if (ZSTD_isError(size) != 0U || size != out.size()) return damaged("a zstd frame does not decode");
  return {};
}

// Bytes as integers, with the dimensions of their tensor.
Status decode_integers(Coder coder, Bytes stored, const StreamLayout& layout, MutableBytes out) {
  if (layout.element_size != 1) return damaged("a stream of several bytes an element has a coder of bytes");
  const CodeShape shape = layout.dimensions();
  if (coder == Coder::small) return decode_small_bytes(stored, shape, out, layout.packed_signed);
  if (!layout.packed_signed) return decode_fast(stored, shape, out);
  return decode_fast(stored, shape, std::span(reinterpret_cast<std::int8_t*>(out.data()), out.size()));
}

// A stream that is not made of planes.
Status decode_flat(Coder coder, Bytes stored, const StreamLayout& layout, MutableBytes out) {
  if (coder == Coder::runs) return decode_runs(stored, out);
  if (coder == Coder::zstd) return decode_zstd(stored, out);
  if (coder == Coder::fast || coder == Coder::small) return decode_integers(coder, stored, layout, out);
  return decode_simple(static_cast<std::uint8_t>(coder), stored, out);
}

// For each plane its coder and size, then the planes, lowest byte first. What is decoded goes into `state`
// too.
Status decode_planes(Bytes stored, const StreamLayout& layout, int turn, MutableBytes out,
                     XXH64_state_t* state) {
  const std::size_t width = layout.element_size;
  if (width < 2) return damaged("byte planes of single bytes");
  ByteReader in(stored);
  std::array<Coder, 8> coders{};
  std::array<std::uint64_t, 8> sizes{};
  for (std::size_t p = 0; p < width; ++p) {
    coders[p] = static_cast<Coder>(in.u8());
    sizes[p] = in.varint();
  }
  if (in.failed()) return damaged("a stream of planes is cut short");
  Bytes rest = stored.subspan(in.position());
  const std::size_t count = out.size() / width;
  StreamLayout plane{.size = count};
  plane.shape = layout.dimensions();
  std::size_t inside = width;  // the last plane that is not raw is decoded where the last elements will be
  for (std::size_t p = 0; p < width; ++p) {
    if (coders[p] != Coder::raw) inside = p;
  }
  std::array<Vector<std::uint8_t>, 8> decoded;
  std::array<Bytes, 8> planes;
  for (std::size_t p = 0; p < width; ++p) {
    if (sizes[p] > rest.size()) return damaged("a stream of planes is cut short");
    const auto size = static_cast<std::size_t>(sizes[p]);
    planes[p] = rest.first(size);
    rest = rest.subspan(size);
    if (coders[p] == Coder::raw) {
      if (size != count) return damaged("a raw stream has the wrong size");
      continue;
    }
    if (p != inside) decoded[p].resize(count);
    const MutableBytes place = p == inside ? out.last(count) : MutableBytes(decoded[p]);
    if (Status status = decode_flat(coders[p], planes[p], plane, place); !status.ok()) return status;
    planes[p] = place;
  }
  if (!rest.empty()) return damaged("a stream of planes has bytes after its end");
  const auto hash = [&](std::size_t piece) {
    const std::size_t from = piece * kPieceSize;
    if (state != nullptr)
      XXH64_update(state, out.data() + from * width, std::min(kPieceSize, count - from) * width);
  };
  InOrder hashed((count - 1) / kPieceSize + 1, hash);
  return run_in_place(count, width, 0, [&](std::size_t from, std::size_t end) -> Status {
    join_planes(planes, width, inside, turn, from, end, out);
    for (; from < end; from += kPieceSize) hashed.done(from / kPieceSize);
    return {};
  });
}

Status check_codes(const TensorHeader& header, Bytes codes) {
  if (header.form == Form::affine) {
    if (codes_in_range(codes, header.bits, header.signed_codes)) return {};
    return damaged("a code does not fit " + std::to_string(header.bits) + " bits");
  }
  if (!indices_below(codes, header.entries)) {
    return damaged("an index is past the end of its codebook");
  }
  return {};
}

Status check_scales(const TensorHeader& header, const Parts& parts) {
  if (!codes_in_range(parts[2], header.bits, header.signed_codes))
    return damaged("a zero point is out of range");
  for (std::size_t at = 0; at < parts[1].size(); at += sizeof(float)) {
    float scale = 0;
    std::memcpy(&scale, parts[1].data() + at, sizeof scale);
    if (!std::isfinite(scale) || scale <= 0.0F) return damaged("a scale is not finite and positive");
  }
  return {};
}

Status check_payload(const TensorInfo& tensor) {
  if (hash_bytes(tensor.payload) != tensor.payload_hash) return damaged("its payload is damaged");
  std::size_t used = 0;
  for (const StoredStream& stream : tensor.streams) used += stream.elsewhere ? 0 : stream.bytes.size();
  if (std::ranges::any_of(tensor.payload.subspan(used), [](std::uint8_t byte) { return byte != 0; })) {
    return damaged("its padding is not zero");
  }
  return {};
}

// Decodes a stream; of a dense tensor what is decoded goes into `state`, often while it is in the cache.
Status decode_into(Coder coder, Bytes stored, const StreamLayout& layout, MutableBytes out,
                   XXH64_state_t* state) {
  if (!out.empty() && (coder == Coder::byteplane || coder == Coder::floatplane)) {
    return decode_planes(stored, layout, coder == Coder::floatplane ? 1 : 0, out, state);
  }
  Status status = out.empty()           ? decode_simple(static_cast<std::uint8_t>(coder), stored, out)
                  : coder == Coder::raw ? decode_raw(stored, layout, out)
                                        : decode_flat(coder, stored, layout, out);
  if (status.ok() && state != nullptr) XXH64_update(state, out.data(), out.size());
  return status;
}

// What the directory promises of the decoded streams; what `user` makes of codes that keep to it.
Status check_decoded(const TensorInfo& tensor, const Parts& parts, XXH64_state_t& state,
                     const CodeUser* user) {
  const bool has_codes = tensor.header.form == Form::affine || tensor.header.form == Form::codebook;
  const std::size_t codes = has_codes ? parts[0].size() : 0;
  const std::size_t pieces = codes / kPieceSize + 1;
  // The checksum comes first, so that of what is wrong with damaged bytes it is what is reported.
  return run_parts(1 + pieces + 1, [&](std::size_t i) -> Status {
    if (i == 0) {
      if (tensor.header.form != Form::dense) {
        for (std::size_t k = 0; k < tensor.layout.stream_count; ++k)
          XXH64_update(&state, parts[k].data(), parts[k].size());
      }
      if (XXH64_digest(&state) == tensor.decoded_hash) return {};
      return damaged("the checksum of its decoded bytes does not match");
    }
    if (i == 1 + pieces)
      return tensor.header.form == Form::affine ? check_scales(tensor.header, parts) : Status();
    const std::size_t begin = (i - 1) * kPieceSize;
    const std::size_t end = std::min(codes, begin + kPieceSize);
    if (begin >= end) return {};
    Status status = check_codes(tensor.header, parts[0].subspan(begin, end - begin));
    if (status.ok() && user != nullptr && begin < user->end) user->use(begin, std::min(end, user->end));
    return status;
  });
}

Status decode_checked(const TensorInfo& tensor, const Parts& parts, const CodeUser* user) {
  XXH64_state_t state;
  XXH64_reset(&state, 0);
  const auto decode_streams = [&]() -> Status {
    XXH64_state_t* const dense = tensor.header.form == Form::dense ? &state : nullptr;
    for (std::size_t i = 0; i < tensor.layout.stream_count; ++i) {
      const StoredStream& stream = tensor.streams[i];
      Status status = decode_into(stream.coder, stream.bytes, tensor.layout.streams[i], parts[i], dense);
      if (!status.ok()) return status;
    }
    return {};
  };
  Status payload;
  Status decoded;
  // This thread decodes, and the one that checked the payload then helps it. A damaged payload is what is
  // reported, whatever comes of decoding it.
  Status status = run_parts(2, [&](std::size_t part) -> Status {
    (part == 0 ? decoded : payload) =
        guarded([&] { return part == 0 ? decode_streams() : check_payload(tensor); });
    return {};
  });
  if (!payload.ok()) return payload;
  if (status.ok()) status = std::move(decoded);
  return status.ok() ? check_decoded(tensor, parts, state, user) : status;
}

std::span<std::uint8_t> bytes_of(std::vector<float>& floats) {
  return {reinterpret_cast<std::uint8_t*>(floats.data()), floats.size() * sizeof(float)};
}

Expected<DecodedTensor> decode_owned(const TensorInfo& tensor) {
  const auto size = [&](std::size_t i) { return static_cast<std::size_t>(tensor.layout.streams[i].size); };
  const bool sparse = tensor.header.form == Form::sparse;
  DecodedTensor decoded;
  Vector<std::uint8_t> gaps(sparse ? size(0) : 0);
  decoded.values.resize(size(sparse ? 1 : 0));
  Parts parts{decoded.values, {}, {}};
  if (sparse) {
    parts = {gaps, decoded.values, {}};
  } else if (tensor.header.form != Form::dense) {
    decoded.floats.resize(size(1) / sizeof(float));
    decoded.zero_points.resize(size(2));
    parts = {decoded.values, bytes_of(decoded.floats), decoded.zero_points};
  }
  if (Status status = decode_checked(tensor, parts, nullptr); !status.ok())
    return std::unexpected(std::move(status));
  if (sparse) {
    decoded.positions.resize(static_cast<std::size_t>(tensor.header.nonzeros));
    Status status = decode_gaps(gaps, tensor.layout.elements, decoded.positions);
    if (!status.ok()) return std::unexpected(std::move(status));
  }
  return decoded;
}

}  // namespace

Status decode_stream(Coder coder, Bytes stored, const StreamLayout& layout, MutableBytes out) noexcept {
  return guarded([&] { return decode_into(coder, stored, layout, out, nullptr); });
}

Status decode_gaps(Bytes gaps, std::uint64_t elements, std::span<std::int64_t> positions) {
  ByteReader in(gaps);
  std::uint64_t next = 0;  // the first position that may follow
  for (std::int64_t& position : positions) {
    const std::uint64_t gap = in.varint();
    if (in.failed()) return damaged("its positions are cut short");
    if (gap >= elements - next) return damaged("a position is outside of the tensor");
    next += gap + 1;
    position = static_cast<std::int64_t>(next - 1);
  }
  return in.left() == 0 ? Status() : damaged("its positions have bytes after their end");
}

Status decode_parts(const TensorInfo& tensor, const Parts& parts, const CodeUser* user) noexcept {
  return guarded([&]() -> Status {
    Status status = decode_checked(tensor, parts, user);
    return status.ok() ? status : std::move(status).in(place_of(tensor));
  });
}

Expected<DecodedTensor> decode_tensor(const TensorInfo& tensor) noexcept {
  return guarded([&]() -> Expected<DecodedTensor> {
    auto decoded = decode_owned(tensor);
    if (decoded) return decoded;
    return std::unexpected(std::move(decoded).error().in(place_of(tensor)));
  });
}

std::string place_of(const TensorInfo& tensor) {
  return quoted("tensor", tensor.name);
}

}  // namespace pith::loader
