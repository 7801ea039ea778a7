// Constants of the IR as tensors of a container, and back.
#pragma once

#include <string>
#include <string_view>

#include "codec/container_writer.h"
#include "codec/encode.h"
#include "ir/weight_form.h"
#include "loader/container_reader.h"

namespace pith::codec {

// Whether a container keeps this constant beside the graph: every form but dense, and dense values of 1 KB
// and more. Smaller ones (shapes, scalars, biases of small layers) stay inside of the graph, so that shapes
// can be inferred before the weights arrive; so do strings, tensors without elements (in the graph they look
// like ones whose values are elsewhere) and tensors of more than 8 dimensions.
[[nodiscard]] bool is_stored_apart(const ir::Constant& constant);

// The smallest that the coders of that choice make of each part of a constant that is_stored_apart(): its
// codes, scales, zero points, centroids, positions or values. The coder named in the result is that of the
// first part.
[[nodiscard]] ir::Encoding entropy_code(const ir::Constant& constant,
                                        CoderChoice choice = CoderChoice::huffman);

// "raw", "huffman", "byteplane", "constant", "runs", "fast", "small", "zstd", "floatplane"; the id of an
// Encoding.
[[nodiscard]] std::string_view coder_name(std::uint8_t coder);

// The tensor that stands for a constant in a container: its encoding, or without one its plain bytes.
[[nodiscard]] TensorToWrite tensor_to_write(std::string name, const ir::Constant& constant);

// The constant in this tensor of `file`, with the encoding it was stored in, which stays in the file's bytes.
// Refuses what loader::decode_tensor refuses.
[[nodiscard]] Result<ir::Constant> constant_of(const loader::TensorInfo& tensor, const ir::Buffer& file);

// A loader's error as one of ours.
[[nodiscard]] Error to_error(const loader::Status& status);

}  // namespace pith::codec
