// The document of `inspect`.
#include "report/json.h"
#include "report/json_parts.h"

namespace pith::report {
namespace {

Json json_of(const std::vector<OperatorEntry>& operators) {
  Json list = Json::array();
  for (const OperatorEntry& o : operators) {
    list.push_back({{"operator", o.name},
                    {"count", o.count},
                    {"bytes", o.bytes},
                    {"parameters", o.parameters},
                    {"macs", o.macs}});
  }
  return list;
}

Json json_of(const std::vector<StorageEntry>& forms) {
  Json list = Json::array();
  for (const StorageEntry& f : forms) {
    list.push_back({{"dtype", f.dtype},
                    {"form", f.form},
                    {"coder", f.coder},
                    {"tensors", f.tensors},
                    {"elements", f.elements},
                    {"bytes", f.bytes}});
  }
  return list;
}

Json json_of(const std::vector<LayerEntry>& layers) {
  Json list = Json::array();
  for (const LayerEntry& l : layers) {
    list.push_back({{"name", l.name},
                    {"operator", l.op},
                    {"bytes", l.bytes},
                    {"parameters", l.parameters},
                    {"macs", optional(l.macs)}});
  }
  return list;
}

Json json_of(const MacCount& macs) {
  return {{"total", macs.total},
          {"nodes", macs.nodes},
          {"unknown_nodes", macs.unknown_nodes},
          {"in_subgraphs", macs.in_subgraphs},
          {"counted_as_one", macs.ones},
          {"notes", macs.notes}};
}

Json json_of(const std::optional<DataEntry>& data) {
  if (!data) return nullptr;
  return {{"data", data->name}, {"synthetic", data->synthetic}, {"arrays", data->arrays}};
}

Json duplicates(const std::vector<TensorEntry>& tensors) {
  Json list = Json::array();
  for (const TensorEntry& t : tensors) {
    if (t.same_as) list.push_back({{"name", t.name}, {"same_as", *t.same_as}, {"bytes", t.bytes_after}});
  }
  return list;
}

}  // namespace

std::string to_json(const InspectReport& report) {
  Json opsets = Json::array();
  for (const auto& [domain, version] : report.opsets)
    opsets.push_back({{"domain", domain}, {"version", version}});
  return text_of({{"schema_version", kSchemaVersion},
                  {"tool", tool()},
                  {"input", json_of(report.file)},
                  {"external_data", pairs(report.external, "path", "bytes")},
                  {"format", report.storage == Storage::onnx ? "onnx" : "pith"},
                  {"ir_version", report.ir_version},
                  {"opsets", opsets},
                  {"domains", pairs(report.domains, "domain", "nodes")},
                  {"model", json_of(report.size)},
                  {"macs", json_of(report.macs)},
                  {"run", json_of(report.data)},
                  {"inputs", report.inputs},
                  {"outputs", report.outputs},
                  {"operators", json_of(report.operators)},
                  {"types", pairs(report.types, "dtype", "bytes")},
                  {"forms", json_of(report.forms)},
                  {"layers", json_of(report.layers)},
                  {"duplicate_bytes", report.duplicate_bytes},
                  {"duplicates", duplicates(report.tensors)},
                  {"entropy_bytes", optional(report.entropy_bytes)},
                  {"tensors", json_of(report.tensors)}});
}

}  // namespace pith::report
