#include "codec/encode_planes.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "codec/byte_writer.h"
#include "codec/encode_bytes.h"

namespace pith::codec {
namespace {

using loader::Coder;

static_assert(ir::Buffer::kWindow % 8 == 0);  // elements lie in one window

template <class Element>
Element element_at(const std::byte* from, int turn) {
  Element element;
  std::memcpy(&element, from, sizeof(Element));
  return std::rotl(element, turn);
}

// Byte `p` of each element, turned left by `turn` bits before.
template <class Element>
void copy_plane(std::span<const std::byte> elements, std::size_t p, int turn, std::uint8_t* out) {
  for (std::size_t i = 0; i < elements.size() / sizeof(Element); ++i) {
    out[i] =
        static_cast<std::uint8_t>(element_at<Element>(elements.data() + i * sizeof(Element), turn) >> 8 * p);
  }
}

void copy_plane(std::span<const std::byte> elements, std::size_t width, std::size_t p, int turn,
                std::uint8_t* out) {
  if (width == 2) copy_plane<std::uint16_t>(elements, p, turn, out);
  if (width == 4) copy_plane<std::uint32_t>(elements, p, turn, out);
  if (width == 8) copy_plane<std::uint64_t>(elements, p, turn, out);
}

// Plane `p` of the stream into the bytes from `out` on.
void put_plane(const ir::Buffer& stream, std::size_t width, std::size_t p, int turn, std::uint8_t* out) {
  for (const ir::Buffer& window : stream.windows()) {
    copy_plane(window.bytes(), width, p, turn, out);
    out += window.size() / width;
    window.release();
  }
}

// Bits an element of each plane by its histogram, of some parts of the stream.
struct Estimate {
  std::array<double, 8> bits{};
  double sum = 0;
};

Estimate estimate(const ir::Buffer& stream, std::size_t width, int turn) {
  constexpr std::size_t kPart = 32768;
  constexpr std::size_t kParts = 8;
  const std::size_t count = stream.size() / width;
  const std::size_t part = std::min(count, kPart);
  Estimate result;
  std::vector<std::uint8_t> plane;
  for (std::size_t p = 0; p < width; ++p) {
    plane.clear();
    for (std::size_t i = 0; i < kParts; ++i) {
      const std::size_t from = i * (count - part) / (kParts - 1);
      plane.resize(plane.size() + part);
      copy_plane(stream.bytes().subspan(from * width, part * width), width, p, turn,
                 plane.data() + plane.size() - part);
      if (part == count) break;
    }
    result.bits[p] = entropy_of(count_symbols(plane));
    result.sum += result.bits[p];
  }
  return result;
}

}  // namespace

EncodedStream encode_planes(const ir::Buffer& stream, const loader::StreamLayout& layout,
                            CoderChoice choice) {
  constexpr double kNoise = 7.98;  // so many bits in a part of a long plane and the whole is no better
  constexpr std::size_t kLong = 65536;
  const std::size_t width = layout.element_size;
  const std::size_t count = stream.size() / width;
  loader::StreamLayout plane_layout{.size = count};
  plane_layout.shape = layout.dimensions();
  int turn = 0;
  Estimate bits;
  if (choice != CoderChoice::huffman) {
    bits = estimate(stream, width, 0);
    const Estimate turned = estimate(stream, width, 1);
    turn = turned.sum < bits.sum ? 1 : 0;
    if (turn != 0) bits = turned;
  }

  std::array<EncodedStream, 8> parts;
  std::size_t size = 0;
  for (std::size_t p = 0; p < width; ++p) {
    const bool noise = count >= kLong && bits.bits[p] > kNoise;  // stays raw with no bytes for now
    if (!noise) {
      std::vector<std::uint8_t> plane(count);
      put_plane(stream, width, p, turn, plane.data());
      parts[p] = encode_plane(plane, plane_layout, choice);
    }
    if (parts[p].coder == Coder::raw) std::vector<std::uint8_t>().swap(parts[p].bytes);
    size += parts[p].coder == Coder::raw ? count : parts[p].bytes.size();
  }
  EncodedStream encoded{turn != 0 ? Coder::floatplane : Coder::byteplane, {}};
  ByteWriter writer(encoded.bytes);
  for (std::size_t p = 0; p < width; ++p) {
    writer.u8(static_cast<std::uint8_t>(parts[p].coder));
    writer.varint(parts[p].coder == Coder::raw ? count : parts[p].bytes.size());
  }
  encoded.bytes.reserve(encoded.bytes.size() + size);
  for (std::size_t p = 0; p < width; ++p) {
    if (parts[p].coder == Coder::raw) {
      encoded.bytes.resize(encoded.bytes.size() + count);
      put_plane(stream, width, p, turn, encoded.bytes.data() + encoded.bytes.size() - count);
    } else {
      writer.bytes(parts[p].bytes);
      std::vector<std::uint8_t>().swap(parts[p].bytes);  // = {} would keep the memory
    }
  }
  return encoded;
}

}  // namespace pith::codec
