#include "report/json.h"

#include <cmath>
#include <nlohmann/json.hpp>

namespace pith::report {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kSchemaVersion = "0.1.0";

template <class T>
Json optional(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

std::string text_of(const Json& json) {
  // Names may hold any bytes; what is no UTF-8 is shown as a replacement character.
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Json json_of(const FileEntry& file) {
  return {{"path", file.name}, {"bytes", file.bytes}, {"sha256", file.sha256}};
}

Json json_of(const std::vector<FileEntry>& files) {
  Json list = Json::array();
  for (const FileEntry& file : files) list.push_back(json_of(file));
  return list;
}

Json json_of(const ModelSize& size) {
  return {{"bytes", size.bytes},
          {"weight_bytes", size.weight_bytes},
          {"parameters", size.parameters},
          {"nodes", size.nodes}};
}

Json json_of(const TensorEntry& t) {
  return {{"name", t.name},
          {"shape", t.shape},
          {"dtype", t.dtype},
          {"form", t.form},
          {"bits_per_weight", t.bits_per_weight},
          {"bytes_before", optional(t.bytes_before)},
          {"bytes_after", t.bytes_after},
          {"sparsity", t.sparsity},
          {"distinct", t.distinct},
          {"entropy_bits", t.entropy_bits},
          {"sqnr_db", optional(t.sqnr_db)},
          {"max_abs_error", optional(t.max_abs_error)},
          {"coder", t.coder}};
}

Json json_of(const std::vector<TensorEntry>& tensors) {
  Json list = Json::array();
  for (const TensorEntry& tensor : tensors) list.push_back(json_of(tensor));
  return list;
}

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

Json json_of(const QualityEntry& q) {
  return {{"metric", q.metric},
          {"before", optional(q.before)},
          {"after", q.after},
          {"drop", optional(q.drop())},
          {"ci95", {q.ci95_low, q.ci95_high}},
          {"samples", q.samples},
          {"agreement", optional(q.agreement)}};
}

Json json_of(const Environment& e) {
  return {{"platform", e.platform},
          {"threads", e.threads},
          {"onnxruntime", e.onnxruntime.empty() ? Json(nullptr) : Json(e.onnxruntime)}};
}

Json json_of(const Invocation& i) {
  return {{"argv", i.argv},
          {"wall_s", i.wall_s},
          {"cpu_s", i.cpu_s},
          {"peak_rss_bytes", i.peak_rss_bytes},
          {"seed", i.seed}};
}

Json tool() {
  return {{"name", "pith"}, {"version", PITH_VERSION}};
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

Json pairs(const std::vector<std::pair<std::string, std::uint64_t>>& rows, const char* key,
           const char* number) {
  Json list = Json::array();
  for (const auto& [name, count] : rows) list.push_back({{key, name}, {number, count}});
  return list;
}

}  // namespace

std::string to_json(const CompressReport& report) {
  Json passes = Json::array();
  for (const auto& record : report.passes) passes.push_back(json_of(record));
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
               {"warnings", report.warnings}};
  return text_of(json);
}

std::string to_json(const InspectReport& report) {
  Json opsets = Json::array();
  for (const auto& [domain, version] : report.opsets)
    opsets.push_back({{"domain", domain}, {"version", version}});
  return text_of({{"schema_version", kSchemaVersion},
                  {"tool", tool()},
                  {"input", json_of(report.file)},
                  {"format", report.storage == Storage::onnx ? "onnx" : "pith"},
                  {"ir_version", report.ir_version},
                  {"opsets", opsets},
                  {"model", json_of(report.size)},
                  {"inputs", report.inputs},
                  {"outputs", report.outputs},
                  {"operators", pairs(report.operators, "operator", "count")},
                  {"types", pairs(report.types, "dtype", "bytes")},
                  {"duplicate_bytes", report.duplicate_bytes},
                  {"tensors", json_of(report.tensors)}});
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
