// Decodes the streams of a tensor.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "loader/container_reader.h"
#include "loader/parallel.h"
#include "loader/status.h"
#include "loader/tensor_layout.h"

namespace pith::loader {

// What a tensor's streams hold; which parts are used depends on the form.
struct DecodedTensor {
  // dense: the values in ONNX's raw_data layout; sparse: the values that are stored;
  // affine: codes, int8 or uint8; codebook: indices, uint8. One byte a code.
  std::vector<std::uint8_t> values;
  std::vector<float> floats;              // affine: scales; codebook: centroids [groups, entries]
  std::vector<std::uint8_t> zero_points;  // affine, when flagged: as many as scales, int8 or uint8
  std::vector<std::int64_t> positions;    // sparse: of the values, strictly rising
};

// Decodes one stream into `out`, whose size must be `layout.size`. Reads all of `stored` and nothing
// else, writes all of `out` and nothing else; refuses what does not decode to exactly that.
[[nodiscard]] Status decode_stream(Coder coder, std::span<const std::uint8_t> stored,
                                   const StreamLayout& layout, std::span<std::uint8_t> out) noexcept;

// Places for the decoded streams of a tensor, in the order of its form; each of the size that its layout
// says.
using Parts = std::array<std::span<std::uint8_t>, kMaxStreams>;

// Takes codes or indices, in pieces that begin before element `end`, in any order and on any thread, once
// they are known to be in range. It may not change them: their checksum may still be on its way.
struct CodeUser {
  std::size_t end = 0;
  FunctionRef<void(std::size_t begin, std::size_t end)> use;
};

// Decodes one tensor of an open container. Verifies the checksums of the stored and of the decoded bytes,
// and that codes fit their width, zero points their codes' range, indices their codebook; that scales are
// finite and positive. After a failure the contents of `parts` are unspecified.
[[nodiscard]] Status decode_parts(const TensorInfo& tensor, const Parts& parts,
                                  const CodeUser* user = nullptr) noexcept;

// The same into memory of its own; and that positions are rising and inside of the tensor.
[[nodiscard]] Expected<DecodedTensor> decode_tensor(const TensorInfo& tensor) noexcept;

// Sparse positions from gaps: position = previous + 1 + gap, gaps in LEB128. Exactly positions.size() of
// them, all below `elements`, from exactly these bytes.
[[nodiscard]] Status decode_gaps(std::span<const std::uint8_t> gaps, std::uint64_t elements,
                                 std::span<std::int64_t> positions);

// "tensor 'NAME'", for messages.
[[nodiscard]] std::string place_of(const TensorInfo& tensor);

}  // namespace pith::loader
