#include "report/inspect.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <tuple>

namespace pith::report {
namespace {

using Ranks = std::vector<std::pair<std::string, std::uint64_t>>;

// Most first; equal counts by name.
Ranks ranked(const std::map<std::string, std::uint64_t>& counts) {
  Ranks rows(counts.begin(), counts.end());
  std::ranges::stable_sort(rows, std::greater{}, [](const auto& row) { return row.second; });
  return rows;
}

void add_operators(const ir::Model& model, InspectReport& report) {
  std::map<std::string, OperatorEntry> operators;
  std::map<std::string, std::uint64_t> domains;
  for (const ir::GraphId graph_id : model.graphs()) {
    const ir::Graph& graph = model.graph(graph_id);
    for (const ir::NodeId id : graph.nodes()) {
      ++operators[operator_name(graph.node(id))].count;
      ++domains[graph.node(id).domain];
    }
  }
  for (const LayerEntry& layer : report.layers) {
    const auto found = operators.find(layer.op);
    if (found == operators.end()) continue;  // constants that nothing reads
    found->second.bytes += layer.bytes;
    found->second.parameters += layer.parameters;
    found->second.macs += layer.macs.value_or(0);
  }
  for (auto& [name, entry] : operators) {
    entry.name = name;
    report.operators.push_back(std::move(entry));
  }
  std::ranges::stable_sort(report.operators, std::greater{}, &OperatorEntry::count);
  report.domains = ranked(domains);
}

void add_forms(InspectReport& report) {
  std::map<std::string, std::uint64_t> types;
  std::map<std::tuple<std::string, std::string, std::string>, StorageEntry> forms;
  for (const TensorEntry& tensor : report.tensors) {
    types[tensor.dtype] += tensor.bytes_after;
    StorageEntry& entry = forms[{tensor.dtype, tensor.form, tensor.coder}];
    ++entry.tensors;
    entry.elements += tensor.elements;
    entry.bytes += tensor.bytes_after;
  }
  report.types = ranked(types);
  for (auto& [key, entry] : forms) {
    std::tie(entry.dtype, entry.form, entry.coder) = key;
    report.forms.push_back(std::move(entry));
  }
  std::ranges::stable_sort(report.forms, std::greater{}, &StorageEntry::bytes);
}

void add_entropy(InspectReport& report) {
  std::uint64_t bytes = 0;
  for (const TensorEntry& tensor : report.tensors) {
    // What has no entropy counts with what it takes now.
    bytes += tensor.entropy_bytes().value_or(tensor.bytes_after);
  }
  report.entropy_bytes = bytes;
}

}  // namespace

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

InspectReport inspect(const ir::Model& model, Storage storage, FileEntry file, const MeasureOptions& options,
                      const TypeLookup& observed) {
  InspectReport report;
  report.macs = count_macs_of_run(model, observed);
  report.size = size_of(model, storage, file.bytes, report.macs);
  report.file = std::move(file);
  report.storage = storage;
  report.ir_version = model.ir_version;
  report.opsets = model.opsets;
  report.layers = layers_of(model, storage, report.macs);
  add_operators(model, report);
  for (const ir::ValueId id : model.graph().inputs())
    report.inputs.push_back(declaration(model.graph().value(id)));
  for (const ir::ValueId id : model.graph().outputs())
    report.outputs.push_back(declaration(model.graph().value(id)));
  report.tensors = measure_tensors(model, storage, options);
  add_forms(report);
  if (options.statistics == Statistics::everything) add_entropy(report);
  report.duplicate_bytes = duplicate_bytes(report.tensors);
  return report;
}

}  // namespace pith::report
