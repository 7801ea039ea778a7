// Stores elements of several bytes plane by plane: the first byte of each, the second, and so on.
#pragma once

#include "codec/encode.h"

namespace pith::codec {

// Coder byteplane or floatplane, whichever suits the elements; huffman allows byteplane only. Memory of a
// mapped stream is given back on the way.
[[nodiscard]] EncodedStream encode_planes(const ir::Buffer& stream, const loader::StreamLayout& layout,
                                          CoderChoice choice);

}  // namespace pith::codec
