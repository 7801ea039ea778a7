#include "passes/runner.h"

#include <fmt/core.h>

#include <chrono>

#include "ir/verify.h"

namespace pith::passes {
namespace {

Result<Outcome> run_checked(Pass& pass, ir::Model& model, PassContext& context) {
  const std::uint64_t edits = model.edits();
  auto outcome = pass.run(model, context);
  if (!outcome) return outcome;
  if (auto valid = ir::verify(model); !valid) {
    throw InternalError(
        fmt::format("pass {} left an invalid model: {}", pass.info().name, valid.error().message()));
  }
  if ((outcome->changes == 0) != (model.edits() == edits)) {
    throw InternalError(fmt::format("pass {} reports {} changes, but made {} edits", pass.info().name,
                                    outcome->changes, model.edits() - edits));
  }
  return outcome;
}

}  // namespace

std::uint64_t stored_bytes(const ir::Model& model) {
  std::uint64_t total = 0;
  for (const ir::GraphId graph_id : model.graphs()) {
    const ir::Graph& graph = model.graph(graph_id);
    for (const ir::ValueId id : graph.values()) {
      const auto& constant = graph.value(id).constant;
      if (constant == nullptr) continue;
      total += constant->encoding ? constant->encoding->size() : ir::stored_bytes(*constant);
    }
  }
  return total;
}

Result<std::vector<PassRecord>> run(const Pipeline& pipeline, ir::Model& model, PassContext& context,
                                    std::span<Observer* const> observers) {
  return run_from(pipeline, 0, model, context, observers);
}

Result<std::vector<PassRecord>> run_from(const Pipeline& pipeline, std::size_t first, ir::Model& model,
                                         PassContext& context, std::span<Observer* const> observers) {
  std::vector<PassRecord> records;
  const std::size_t count = pipeline.passes().size();
  for (std::size_t index = first; index < count; ++index) {
    Pass& pass = *pipeline.passes()[index];
    PITH_CHECK_OK(context.keep_going());
    for (Observer* observer : observers) observer->before_pass(pass, index, count);

    const auto start = std::chrono::steady_clock::now();
    ir::Model trial = model;  // cheap: the weights are shared
    auto outcome = [&] {
      try {
        return run_checked(pass, trial, context);
      } catch (const InternalError&) {
        for (Observer* observer : observers) observer->pass_broke(pass, model);
        throw;
      }
    }();
    if (!outcome) return std::unexpected(std::move(outcome).error().in(pass.info().name));

    PassRecord record;
    record.name = pass.info().name;
    record.settings = print(pass);
    record.wall_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    record.bytes_before = stored_bytes(model);
    record.bytes_after = stored_bytes(trial);
    record.changes = outcome->changes;
    record.statistics = std::move(outcome->statistics);
    record.skipped = context.take_skipped();
    model = std::move(trial);
    for (Observer* observer : observers) observer->after_pass(record, model);
    records.push_back(std::move(record));
  }
  return records;
}

}  // namespace pith::passes
