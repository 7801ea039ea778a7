#include "codec/entropy_code.h"

#include <algorithm>

#include "codec/constant_coding.h"
#include "ir/rewriter.h"

namespace pith::codec {

Result<passes::Outcome> EntropyCode::run(ir::Model& model, passes::PassContext& context) {
  passes::Outcome outcome;
  std::uint64_t before = 0;
  std::uint64_t after = 0;
  for (const ir::GraphId graph : model.graphs()) {
    for (const ir::ValueId id : model.graph(graph).values()) {
      const ir::Value& value = model.graph(graph).value(id);
      if (value.constant == nullptr || !is_stored_apart(*value.constant)) continue;
      PITH_CHECK_OK(context.keep_going());
      ir::Encoding encoding = entropy_code(*value.constant);
      const std::uint64_t plain = ir::stored_bytes(*value.constant);
      if (encoding.payload.size() >= plain) {
        context.skipped_tensor(value.name, "no coder makes it smaller");
        continue;
      }
      before += plain;
      after += encoding.payload.size();
      const auto& old = value.constant->encoding;
      if (old && std::ranges::equal(old->payload.bytes(), encoding.payload.bytes())) continue;
      ir::Rewriter(model, graph).set_encoding(id, std::move(encoding));
      ++outcome.changes;
    }
  }
  outcome.statistics = {{"bytes before", static_cast<double>(before)},
                        {"bytes after", static_cast<double>(after)}};
  return outcome;
}

}  // namespace pith::codec
