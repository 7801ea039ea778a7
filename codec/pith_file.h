// Models as .pith files (docs/format.md).
#pragma once

#include "ir/buffer.h"
#include "ir/model.h"
#include "ir/pieces.h"
#include "loader/container_reader.h"

namespace pith::codec {

// The file, which shares the bytes of large weights with the model. Constants with an encoding are stored as
// the encoding says, others as plain bytes. Equal models give equal bytes. Refuses what ir::onnx::write()
// refuses, weights whose names are not clean UTF-8 or longer than 65,535 bytes, and a directory over 16 MiB.
[[nodiscard]] Result<ir::Pieces> to_pith(const ir::Model& model);

// The model in a file; its constants have the forms and encodings they were stored with, so that
// to_pith(from_pith(file)) is the file again. Refuses, with ErrorCode::model and a sentence that says what is
// wrong: files that are damaged, of another version, or larger than `limits` when decoded; tensors that the
// graph does not name or that have another type or shape there; what ir::onnx::read() refuses, and external
// data. Decodes tensors on so many threads.
[[nodiscard]] Result<ir::Model> from_pith(const ir::Buffer& file, const loader::Limits& limits = {},
                                          unsigned threads = 1);

// What decoding everything in a file takes, as its directory says; 0 for a file that from_pith() refuses.
[[nodiscard]] std::uint64_t decoded_bytes(const ir::Buffer& file);

}  // namespace pith::codec
