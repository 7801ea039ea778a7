#include "report/report.h"

#include <fmt/core.h>
#include <fmt/ranges.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <map>

namespace pith::report {
namespace {

std::string declaration(const ir::Value& value) {
  std::string text = fmt::format("{} {}", value.name, ir::name_of(value.type.dtype));
  if (!value.type.shape) return text;
  std::vector<std::string> dims;
  for (const ir::Dim& dim : *value.type.shape) {
    const auto* number = std::get_if<std::int64_t>(&dim);
    const std::string symbol = number != nullptr ? fmt::format("{}", *number) : std::get<std::string>(dim);
    dims.push_back(symbol.empty() ? "?" : symbol);
  }
  return text + fmt::format(" [{}]", fmt::join(dims, ","));
}

// Most first; equal counts by name.
std::vector<std::pair<std::string, std::uint64_t>> ranked(
    const std::map<std::string, std::uint64_t>& counts) {
  std::vector<std::pair<std::string, std::uint64_t>> rows(counts.begin(), counts.end());
  std::ranges::stable_sort(rows, std::greater{}, [](const auto& row) { return row.second; });
  return rows;
}

}  // namespace

std::optional<double> QualityEntry::drop() const {
  if (!before) return std::nullopt;
  return higher_is_better ? *before - after : after - *before;
}

double CompressReport::ratio() const {
  return after.bytes == 0 ? 0 : static_cast<double>(before.bytes) / static_cast<double>(after.bytes);
}

ModelSize size_of(const ir::Model& model, Storage storage, std::uint64_t file_bytes) {
  ModelSize size;
  size.bytes = file_bytes;
  for (const ir::GraphId graph_id : model.graphs()) {
    const ir::Graph& graph = model.graph(graph_id);
    size.nodes += graph.nodes().size();
    for (const ir::ValueId id : graph.values()) {
      const auto& constant = graph.value(id).constant;
      if (constant == nullptr) continue;
      size.weight_bytes += bytes_in(storage, *constant);
      if (is_float(constant->dtype)) size.parameters += ir::element_count(constant->shape).value_or(0);
    }
  }
  return size;
}

InspectReport inspect(const ir::Model& model, Storage storage, FileEntry file) {
  InspectReport report;
  report.size = size_of(model, storage, file.bytes);
  report.file = std::move(file);
  report.storage = storage;
  report.ir_version = model.ir_version;
  report.opsets = model.opsets;
  std::map<std::string, std::uint64_t> operators;
  for (const ir::GraphId graph_id : model.graphs()) {
    const ir::Graph& graph = model.graph(graph_id);
    for (const ir::NodeId id : graph.nodes()) {
      const ir::Node& node = graph.node(id);
      ++operators[node.domain.empty() ? node.op_type : node.domain + "::" + node.op_type];
    }
  }
  report.operators = ranked(operators);
  for (const ir::ValueId id : model.graph().inputs())
    report.inputs.push_back(declaration(model.graph().value(id)));
  for (const ir::ValueId id : model.graph().outputs())
    report.outputs.push_back(declaration(model.graph().value(id)));
  report.tensors = measure_tensors(model, storage, model, model, storage);
  std::map<std::string, std::uint64_t> types;
  for (const TensorEntry& tensor : report.tensors) types[tensor.dtype] += tensor.bytes_after;
  report.types = ranked(types);
  report.duplicate_bytes = duplicate_bytes(model, storage);
  return report;
}

std::string sha256(std::span<const std::byte> bytes) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data());
  return fmt::format("{:02x}", fmt::join(digest, ""));
}

}  // namespace pith::report
