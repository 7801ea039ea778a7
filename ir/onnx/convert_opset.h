// Brings a model to another version of ONNX's own operator set.
#pragma once

#include "ir/model.h"

namespace pith::ir::onnx {

// The same model in operator set `target` of ONNX's own domain; other domains stay. The results of the new
// model are those of the old one, bit for bit as far as a runtime computes equal definitions equally: each
// node either has the same definition in both sets, or one that was only widened, or is rewritten by a rule
// made for that change. Subgraphs and the model's functions are converted with it. The model is converted as
// a whole or not at all.
//
// Upwards from operator set 7. Downwards only where every operator has the same definition in both sets up
// to types and attributes that the model does not use, and not below 13.
//
// Refuses, naming the node: operators that the old or new set does not have, changes without an exact rule,
// results that ONNX's own definition of the operator does not accept; models with training graphs; targets
// that ONNX has not released. An ONNX converter is not used, see
// docs/adr/0010-opsets-are-converted-by-rules-of-ours.md.
[[nodiscard]] Result<Model> convert_opset(const Model& model, std::int64_t target);

}  // namespace pith::ir::onnx
