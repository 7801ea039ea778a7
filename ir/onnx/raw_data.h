// A serialized model without its weights. Protobuf would copy every tensor when it reads a message and
// again when it writes one; here the bytes of raw_data are taken out before it reads and put in after it has
// written, so that they stay where they lie: in a mapped file.
//
// In a message that was taken apart, the raw_data of every tensor that stands in an initializer, a sparse
// initializer or an attribute, of the main graph or a subgraph, is a token: the position, as four bytes, of
// its bytes in the list beside it (empty stays empty). Tensors elsewhere (functions, training graphs) are
// left as they are.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ir/pieces.h"

namespace pith::ir::onnx {

struct TakenApart {
  std::string message;
  std::vector<Buffer> raw_data;  // slices of the model's bytes
};

// Takes a serialized ModelProto apart. Refuses (ErrorCode::model) bytes that are not protobuf, groups, which
// ONNX has none of, and messages nested deeper than 128.
[[nodiscard]] Result<TakenApart> take_raw_data(const Buffer& model);

// The opposite: the model's bytes again. Throws InternalError on a token that take_token() would refuse.
[[nodiscard]] Pieces put_raw_data(const std::string& message, const std::vector<Buffer>& raw_data);

// The token that stands for raw_data[position].
[[nodiscard]] std::string make_token(std::size_t position);
// The position that a token stands for, or raw_data.size() when it is none.
[[nodiscard]] std::size_t position_of(std::string_view token, const std::vector<Buffer>& raw_data);

}  // namespace pith::ir::onnx
