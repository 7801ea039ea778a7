// Numbers of the container format, version 1.0. docs/format.md is the
// normative description; the writer includes this file too.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "loader/memory.h"

namespace pith::loader {

inline constexpr std::array<std::uint8_t, 8> kMagic{0x89, 'P', 'I', 'T', 'H', 0x0D, 0x0A, 0x1A};
inline constexpr std::uint16_t kMajorVersion = 1;  // every minor version of it is read
inline constexpr std::uint16_t kMinorVersion = 0;
// Drafts that are read too, with a directory that is not compressed: 0.1, without the coders fast and small,
// 0.2 with these for codes only, and 0.3.
inline constexpr std::uint16_t kOldestDraft = 1;
inline constexpr std::uint16_t kLatestDraft = 3;
inline constexpr std::uint32_t kKnownFeatures = 0;  // bits of the header that this version may set

inline constexpr std::size_t kHeaderSize = 64;
inline constexpr std::size_t kHeaderHashedSize = 56;  // what the header's own checksum covers
inline constexpr std::uint64_t kMaxDirectorySize = std::uint64_t{16} << 20;  // compressed or not
inline constexpr std::size_t kMaxNameSize = 65535;
inline constexpr std::size_t kMaxRank = 8;
inline constexpr std::size_t kMaxStreams = 3;

// A section is at least 1/4096 of what it expands to (it is padded with zeros
// where the coder does better), so no file expands further than that.
inline constexpr std::uint64_t kMaxExpansion = 4096;

// How a tensor's values are written down; the parts of each form are its streams, in this order.
enum class Form : std::uint8_t {
  dense = 0,     // values
  affine = 1,    // codes, scales, zero points (when flagged)
  codebook = 2,  // indices, centroids
  sparse = 3,    // gaps between positions, values
};
inline constexpr std::uint8_t kLastForm = 3;

// How the bytes of one stream are stored.
enum class Coder : std::uint8_t {
  raw = 0,         // as they are; codes and indices packed to their bit width
  huffman = 1,     // byte symbols
  byteplane = 2,   // elements of 2, 4 or 8 bytes, byte by byte, each plane by a coder of its own
  constant = 3,    // one byte value throughout
  runs = 4,        // runs of the most frequent byte value, and the others
  fast = 5,        // single bytes: tables chosen by row, column and neighbours, many lanes
  small = 6,       // single bytes: adaptive chances from their neighbours
  zstd = 7,        // one zstd frame
  floatplane = 8,  // as byteplane, with the sign moved below the mantissa
  same = 9,        // the stream of an earlier tensor
};
inline constexpr std::uint8_t kLastCoder = 9;
inline constexpr std::uint8_t kLongestRun = 255;  // a run of this length is followed by another run

inline constexpr std::uint8_t kNoAxis = 255;
inline constexpr std::uint8_t kAffineSignedCodes = 1;  // flag bits of an affine tensor
inline constexpr std::uint8_t kAffineZeroPoints = 2;
inline constexpr std::uint8_t kFloat32 = 1;  // ONNX's numbers of types
inline constexpr std::uint8_t kInt8 = 3;

using Dims = Vector<std::uint64_t>;

// What the directory says about a tensor, apart from its name and its bytes.
struct TensorHeader {
  std::uint8_t dtype = 0;  // ONNX TensorProto.DataType of the values
  Dims dims;               // at most 8
  Form form = Form::dense;
  bool signed_codes = false;     // affine: codes and zero points are int8, else uint8
  bool has_zero_points = false;  // affine
  std::uint8_t bits = 8;         // affine, codebook: width of a code, 1..8
  std::uint8_t axis = kNoAxis;   // affine, codebook: axis of scales or codebooks
  std::uint64_t block = 0;       // affine: elements along the axis that share a scale; 0 = see docs
  std::uint64_t entries = 0;     // codebook: values in each codebook, 1..2^bits
  std::uint64_t nonzeros = 0;    // sparse: values that are stored
  std::uint64_t gap_bytes = 0;   // sparse: size of the gaps before coding
  bool operator==(const TensorHeader&) const = default;
};

}  // namespace pith::loader
