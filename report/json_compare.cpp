// The document of `compare`.
#include <cmath>

#include "report/compare.h"
#include "report/json.h"
#include "report/json_parts.h"

namespace pith::report {
namespace {

Json finite(double value) {
  return std::isfinite(value) ? Json(value) : Json(nullptr);
}

Json counts(const std::vector<CountPair>& pairs, const char* key) {
  Json list = Json::array();
  for (const CountPair& pair : pairs) list.push_back({{key, pair.name}, {"a", pair.a}, {"b", pair.b}});
  return list;
}

Json json_of(const std::vector<DeclarationPair>& pairs) {
  Json list = Json::array();
  for (const DeclarationPair& pair : pairs)
    list.push_back({{"name", pair.name}, {"a", optional(pair.a)}, {"b", optional(pair.b)}});
  return list;
}

Json json_of(const ConstantEntry& constant) {
  return {{"dtype", constant.dtype},
          {"shape", constant.shape},
          {"form", constant.form},
          {"coder", constant.coder},
          {"bytes", constant.bytes}};
}

Json json_of(const std::vector<std::pair<std::string, ConstantEntry>>& constants) {
  Json list = Json::array();
  for (const auto& [name, constant] : constants) {
    Json entry = {{"name", name}};
    entry.update(json_of(constant));
    list.push_back(std::move(entry));
  }
  return list;
}

Json json_of(const std::vector<TensorPair>& pairs) {
  Json list = Json::array();
  for (const TensorPair& pair : pairs) {
    list.push_back({{"name", pair.name},
                    {"a", json_of(pair.a)},
                    {"b", json_of(pair.b)},
                    {"equal", pair.equal},
                    {"max_abs_error", optional(pair.max_abs_error)},
                    {"sqnr_db", optional(pair.sqnr_db)}});
  }
  return list;
}

Json json_of(const engine::OutputDifference& output) {
  const auto name = [](const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); };
  const bool compared = output.not_compared.empty();
  const engine::Difference& d = output.difference;
  return {{"a", name(output.name)},
          {"b", name(output.other)},
          {"elements", d.elements},
          {"equal", compared && d.equal},
          {"max_abs_error", compared ? finite(d.max_abs) : Json(nullptr)},
          {"max_relative_error", compared ? finite(d.relative()) : Json(nullptr)},
          {"sqnr_db", compared ? optional(d.sqnr_db()) : Json(nullptr)},
          {"agreement", optional(output.agreement)},
          {"not_compared", name(output.not_compared)}};
}

Json json_of(const std::optional<OutputsEntry>& run) {
  if (!run) return nullptr;
  Json outputs = Json::array();
  for (const auto& output : run->comparison.outputs) outputs.push_back(json_of(output));
  return {{"data", run->data},
          {"synthetic", run->synthetic},
          {"samples", run->comparison.samples},
          {"ort_optimizations", run->optimizations},
          {"outputs", outputs}};
}

}  // namespace

std::string to_json(const CompareReport& report) {
  const bool failed = !report.exceeded().empty();
  return text_of({{"schema_version", kSchemaVersion},
                  {"status", failed ? "tolerance_exceeded" : "done"},
                  {"exit_code", failed ? 1 : 0},
                  {"tool", tool()},
                  {"environment", json_of(report.environment)},
                  {"invocation", json_of(report.invocation)},
                  {"inputs", json_of(std::vector{report.a, report.b})},
                  {"model", {{"a", json_of(report.size_a)}, {"b", json_of(report.size_b)}}},
                  {"ratio", report.ratio()},
                  {"graph",
                   {{"equal", report.same_graph},
                    {"operators", counts(report.operators, "operator")},
                    {"opsets", counts(report.opsets, "domain")},
                    {"inputs", json_of(report.inputs)},
                    {"outputs", json_of(report.outputs)}}},
                  {"tensors", json_of(report.tensors)},
                  {"only_in_a", json_of(report.only_in_a)},
                  {"only_in_b", json_of(report.only_in_b)},
                  {"run", json_of(report.run)},
                  {"tolerance", optional(report.tolerance)},
                  {"left_out", report.left_out}});
}

}  // namespace pith::report
