#include "report/json_parts.h"

namespace pith::report {

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
          {"nodes", size.nodes},
          {"macs", optional(size.macs)}};
}

namespace {

Json json_of(const TensorEntry& t) {
  return {{"name", t.name},
          {"shape", t.shape},
          {"dtype", t.dtype},
          {"form", t.form},
          {"bits_per_weight", t.bits_per_weight},
          {"bytes_before", optional(t.bytes_before)},
          {"bytes_after", t.bytes_after},
          {"sparsity", optional(t.sparsity)},
          {"distinct", optional(t.distinct)},
          {"entropy_bits", optional(t.entropy_bits)},
          {"sqnr_db", optional(t.sqnr_db)},
          {"max_abs_error", optional(t.max_abs_error)},
          {"coder", t.coder}};
}

}  // namespace

Json json_of(const std::vector<TensorEntry>& tensors) {
  Json list = Json::array();
  for (const TensorEntry& tensor : tensors) list.push_back(json_of(tensor));
  return list;
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

Json pairs(const std::vector<std::pair<std::string, std::uint64_t>>& rows, const char* key,
           const char* number) {
  Json list = Json::array();
  for (const auto& [name, count] : rows) list.push_back({{key, name}, {number, count}});
  return list;
}

}  // namespace pith::report
