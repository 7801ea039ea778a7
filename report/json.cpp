#include "report/json.h"

#include <cmath>

#include "report/json_parts.h"

namespace pith::report {
namespace {

Json json_of(const passes::PassRecord& record) {
  Json skipped = Json::array();
  for (const auto& s : record.skipped) skipped.push_back({{"where", s.where}, {"reason", s.reason}});
  Json statistics = Json::object();
  for (const auto& [name, value] : record.statistics)
    statistics[name] = std::isfinite(value) ? Json(value) : Json(nullptr);
  return {{"name", record.name},
          {"settings", record.settings},
          {"wall_s", record.wall_seconds},
          {"bytes_before", record.bytes_before},
          {"bytes_after", record.bytes_after},
          {"changed", record.changes},
          {"statistics", statistics},
          {"skipped", skipped}};
}

Json json_of(const HoldoutEntry& holdout) {
  return {{"share", holdout.share}, {"looks", holdout.looks}, {"searched", json_of(holdout.searched)}};
}

std::string_view name_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::usage:
      return "usage";
    case ErrorCode::model:
      return "model";
    case ErrorCode::data:
      return "data";
    case ErrorCode::environment:
      return "environment";
    case ErrorCode::not_smaller:
      return "not_smaller";
    case ErrorCode::self_check:
      return "self_check";
    case ErrorCode::terminated:
      return "terminated";
    case ErrorCode::interrupted:
      return "interrupted";
    case ErrorCode::internal:
      return "internal";
  }
  throw InternalError("an error without a name");
}

}  // namespace

Json json_of(const QualityEntry& q) {
  return {{"metric", q.metric},         {"before", optional(q.before)},      {"after", q.after},
          {"drop", optional(q.drop())}, {"ci95", {q.ci95_low, q.ci95_high}}, {"samples", q.samples},
          {"synthetic", q.synthetic},   {"agreement", optional(q.agreement)}};
}

std::string to_json(const CompressReport& report) {
  Json passes = Json::array();
  for (const auto& record : report.passes) passes.push_back(json_of(record));
  Json layers = Json::array();
  for (const LayerPlanEntry& layer : report.layers)
    layers.push_back(
        {{"name", layer.name}, {"sensitivity", layer.sensitivity}, {"decision", layer.decision}});
  Json budgets = Json::array();
  for (const BudgetEntry& one : report.budgets)
    budgets.push_back({{"budget", one.budget}, {"held", one.held}});
  const std::string& resolved = report.resolved;
  Json json = {{"schema_version", kSchemaVersion},
               {"status", report.status},
               {"exit_code", report.exit_code},
               {"tool", tool()},
               {"environment", json_of(report.environment)},
               {"invocation", json_of(report.invocation)},
               {"recipe",
                {{"pipeline", report.pipeline},
                 {"resolved", resolved},
                 {"sha256", sha256(std::as_bytes(std::span(resolved)))}}},
               {"inputs", json_of(report.inputs)},
               {"outputs", json_of(report.outputs)},
               {"model", {{"before", json_of(report.before)}, {"after", json_of(report.after)}}},
               {"ratio", report.ratio()},
               {"passes", passes},
               {"tensors", json_of(report.tensors)},
               {"quality", report.quality ? json_of(*report.quality) : Json(nullptr)},
               {"holdout", report.holdout ? json_of(*report.holdout) : Json(nullptr)},
               {"layers", layers},
               {"budgets", budgets},
               {"trials", report.trials},
               {"warnings", report.warnings}};
  return text_of(json);
}

std::string to_json(const EvaluateReport& report) {
  return text_of({{"schema_version", kSchemaVersion},
                  {"tool", tool()},
                  {"environment", json_of(report.environment)},
                  {"invocation", json_of(report.invocation)},
                  {"input", json_of(report.file)},
                  {"quality", json_of(report.quality)}});
}

std::string to_json(std::span<const passes::PassRegistry::Entry* const> passes) {
  Json list = Json::array();
  for (const auto* entry : passes) {
    Json options = Json::array();
    for (const auto& o : entry->options) {
      options.push_back({{"name", o.name},
                         {"type", o.type},
                         {"default", o.standard},
                         {"range", o.range},
                         {"help", o.help}});
    }
    list.push_back({{"name", entry->info.name}, {"summary", entry->info.summary}, {"options", options}});
  }
  return text_of({{"schema_version", kSchemaVersion}, {"tool", tool()}, {"passes", list}});
}

std::string to_json(std::span<const Fact> facts) {
  Json list = Json::array();
  for (const Fact& fact : facts)
    list.push_back({{"name", fact.name}, {"value", fact.value}, {"ok", fact.fine}});
  return text_of({{"schema_version", kSchemaVersion}, {"tool", tool()}, {"facts", list}});
}

std::string to_json(const FileEntry& input, const std::vector<FileEntry>& outputs) {
  return text_of({{"schema_version", kSchemaVersion},
                  {"tool", tool()},
                  {"inputs", json_of(std::vector{input})},
                  {"outputs", json_of(outputs)}});
}

std::string to_json(const Error& error) {
  return text_of(
      {{"error", {{"code", name_of(error.code())}, {"message", error.message()}, {"hint", error.hint()}}}});
}

}  // namespace pith::report
