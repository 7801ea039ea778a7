// A look at the bytes of a model before protobuf allocates anything for them.
#pragma once

#include <span>
#include <string_view>

#include "ir/result.h"

namespace pith::ir::onnx {

// Walks the fields of an ONNX ModelProto without building it. Refuses, with the message type and the
// position:
//   - bytes that do not parse: lengths beyond the enclosing message, varints over 10 bytes, tags that are not
//     in their shortest form or have the field number 0;
//   - groups, an obsolete part of protobuf that ONNX does not use;
//   - messages nested deeper than 128, which is beyond 32 subgraphs;
//   - a field twice where there can be one, which readers take for one or the other;
//   - more than 10 million nodes or tensors;
//   - names that are longer than 64 KiB, not UTF-8, or hold a NUL byte, on which tools disagree;
//   - strings with the mark by which ONNX Runtime takes external data from an address in memory.
// Payloads of tensors are not read.
[[nodiscard]] Result<void> check_wire(std::span<const std::byte> bytes);

// Whether the bytes are UTF-8 in its shortest form, without surrogates.
[[nodiscard]] bool is_utf8(std::string_view text);

}  // namespace pith::ir::onnx
