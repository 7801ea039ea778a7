// How ONNX's operators changed from one operator set to the next.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ir/onnx/proto.h"

namespace onnx {
class OpSchema;
}

namespace pith::ir::onnx {

// The operator's definition in that operator set of ONNX's own domain; nullptr when it has none.
[[nodiscard]] const proto::OpSchema* definition(const std::string& op_type, std::int64_t opset);

// The operator sets in (from, to] that changed the definition of the operator, in order.
[[nodiscard]] std::vector<std::int64_t> changes(const std::string& op_type, std::int64_t from,
                                                std::int64_t to);

// Whether that change left the meaning of every node that was valid before as it was: it added types, or
// attributes and inputs whose default is the old behaviour, or words to its description. From the change
// notes of ONNX's operators; tests/conformance/opset_suite.py runs the cases of ONNX's backend suite before
// and after each of them.
[[nodiscard]] bool only_widened(const std::string& op_type, std::int64_t opset);

// The newest operator set that the ONNX library at hand has released.
[[nodiscard]] std::int64_t newest_opset();

}  // namespace pith::ir::onnx
