// Decodes the streams of a tensor.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "loader/container_reader.h"
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

// Decodes one tensor of an open container. Verifies the checksums of the stored and of the decoded bytes,
// and that codes fit their width, zero points their codes' range, indices their codebook; that scales are
// finite and positive, positions rising and inside of the tensor.
[[nodiscard]] Expected<DecodedTensor> decode_tensor(const TensorInfo& tensor) noexcept;

// Sparse positions from gaps: position = previous + 1 + gap, gaps in LEB128. Exactly `count` positions
// below `elements` from exactly these bytes.
[[nodiscard]] Expected<std::vector<std::int64_t>> decode_gaps(std::span<const std::uint8_t> gaps,
                                                              std::uint64_t count, std::uint64_t elements);

}  // namespace pith::loader
