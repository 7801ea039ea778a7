// Removes texts that no runtime reads.
//
//   before   y = Relu(x)  doc string "activation"  metadata {"pkg.torch.onnx.stack_trace": "File ...", "id":
//   "7"} after    y = Relu(x)                           metadata {"id": "7"}
//
// Of nodes, values, constants, graphs and functions: doc strings, and metadata under the keys "namespace" and
// "pkg.*", by which exporters say where something comes from; they may be larger than the weights. Metadata
// under other keys stays, and so do the doc string and all metadata of the model itself: applications read
// labels and settings there. Declared types of constants go too: a constant has its type and shape itself.

#include "passes/strip_documentation.h"

#include "ir/documentation.h"
#include "ir/rewriter.h"

namespace pith::passes {

Result<Outcome> StripDocumentation::run(ir::Model& model, PassContext& context) {
  Outcome outcome;
  std::uint64_t bytes = 0;
  const auto strip = [&](ir::Rewriter::CarriedBy whom, const std::string& message) {
    std::string stripped = ir::without_documentation(whom, message);
    if (stripped != message) ++outcome.changes;
    bytes += message.size() - stripped.size();
    return stripped;
  };
  for (const ir::GraphId graph : model.graphs()) {
    PITH_CHECK_OK(context.keep_going());
    ir::Rewriter edit(model, graph);
    edit.rewrite_carried(strip);
    for (const ir::ValueId id : model.graph(graph).values()) {
      const ir::Value& value = model.graph(graph).value(id);
      if (value.constant == nullptr || !value.declared || value.is_input || value.output_uses > 0 ||
          !value.carried.empty())
        continue;
      edit.drop_declaration(id);
      ++outcome.changes;
    }
  }
  outcome.statistics = {{"bytes", static_cast<double>(bytes)}};
  return outcome;
}

}  // namespace pith::passes
