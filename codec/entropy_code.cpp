#include "codec/entropy_code.h"

#include <algorithm>

#include "codec/constant_coding.h"
#include "ir/rewriter.h"
#include "passes/parallel.h"

namespace pith::codec {
namespace {

bool same_streams(const ir::Encoding& a, const ir::Encoding& b) {
  return std::ranges::equal(a.streams, b.streams, [](const auto& x, const auto& y) {
    return x.coder == y.coder && x.bytes.text() == y.bytes.text();
  });
}

}  // namespace

CoderChoice EntropyCode::choice_for(const ir::Model& model, const Options& options) {
  std::uint64_t elements = 0;
  for (const ir::GraphId graph : model.graphs()) {
    for (const ir::ValueId id : model.graph(graph).values()) {
      const auto& constant = model.graph(graph).value(id).constant;
      if (constant != nullptr && is_stored_apart(*constant))
        elements += ir::element_count(constant->shape).value_or(0);
    }
  }
  return resolved(options.coder, elements);
}

Result<passes::Outcome> EntropyCode::run(ir::Model& model, passes::PassContext& context) const {
  if (!context.keeps_encodings) return passes::Outcome();
  struct Work {
    ir::GraphId graph;
    ir::ValueId value;
    std::shared_ptr<const ir::Constant> constant;
    ir::Encoding encoding = {};
  };
  std::vector<Work> all;
  for (const ir::GraphId graph : model.graphs()) {
    for (const ir::ValueId id : model.graph(graph).values()) {
      const auto& constant = model.graph(graph).value(id).constant;
      if (constant != nullptr && is_stored_apart(*constant)) all.push_back({graph, id, constant});
    }
  }
  const CoderChoice choice = choice_for(model, options_);
  auto all_encoded = passes::for_each_index(
      all.size(), context.threads, [&](std::uint64_t i) { return ir::stored_bytes(*all[i].constant); },
      passes::kWorkingMemory,
      [&](std::uint64_t i) -> Result<void> {
        PITH_CHECK_OK(context.keep_going());
        all[i].encoding = entropy_code(*all[i].constant, choice);
        ir::release(*all[i].constant);
        return {};
      });
  PITH_CHECK_OK(std::move(all_encoded));

  passes::Outcome outcome;
  std::uint64_t before = 0;
  std::uint64_t after = 0;
  for (Work& one : all) {
    const std::uint64_t plain = ir::stored_bytes(*one.constant);
    if (one.encoding.size() >= plain) {
      context.skipped_tensor(model.graph(one.graph).value(one.value).name, "no coder makes it smaller");
      continue;
    }
    before += plain;
    after += one.encoding.size();
    if (one.constant->encoding && same_streams(*one.constant->encoding, one.encoding)) continue;
    ir::Rewriter(model, one.graph).set_encoding(one.value, std::move(one.encoding));
    ++outcome.changes;
  }
  outcome.statistics = {{"bytes before", static_cast<double>(before)},
                        {"bytes after", static_cast<double>(after)}};
  return outcome;
}

}  // namespace pith::codec
