// Texts in carried ONNX messages for the people who made the model, which no runtime reads.
#pragma once

#include <string>

#include "ir/rewriter.h"

namespace pith::ir {

// A carried message without its doc strings and without the metadata that exporters write for themselves:
// keys "namespace" and "pkg.*", such as the stack trace of every node. Other metadata stays; of what the
// model carries only its functions are looked at.
[[nodiscard]] std::string without_documentation(Rewriter::CarriedBy whom, const std::string& message);

}  // namespace pith::ir
