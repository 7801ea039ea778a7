// The text of `inspect`.
#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "report/table.h"
#include "report/text.h"

namespace pith::report {
namespace {

using Rows = std::vector<std::vector<std::string>>;

constexpr std::size_t kLargest = 20;

std::string percent(double share) {
  return fmt::format("{:.1f} %", 100 * share);
}

std::string macs_text(const InspectReport& report) {
  const MacCount& macs = report.macs;
  std::string text;
  if (macs.nodes > 0 || macs.unknown_nodes == 0)
    text =
        fmt::format("{} multiply-accumulates in {} nodes", with_commas(macs.total), with_commas(macs.nodes));
  else
    text = "multiply-accumulates: not known";
  if (macs.unknown_nodes > 0 && macs.nodes > 0)
    text += fmt::format(", not known for {} more", with_commas(macs.unknown_nodes));
  else if (macs.unknown_nodes > 0)
    text += fmt::format(" for {} nodes", with_commas(macs.unknown_nodes));
  if (!macs.ones.empty()) text += fmt::format("; {} counted as 1", fmt::join(macs.ones, ", "));
  if (macs.in_subgraphs > 0) text += "; bodies of If, Loop and Scan counted once";
  text += "\n";
  if (!macs.notes.empty() && macs.unknown_nodes > 0) {
    text += fmt::format("shapes that were not inferred: {}{}\n", macs.notes.front(),
                        macs.notes.size() > 1 ? fmt::format(" (and {} more)", macs.notes.size() - 1) : "");
  }
  return text;
}

std::string head(const InspectReport& report) {
  std::string text =
      fmt::format("{} ({}), {} bytes\n", report.file.name, report.storage == Storage::onnx ? "onnx" : "pith",
                  with_commas(report.file.bytes));
  for (const auto& [name, bytes] : report.external)
    text += fmt::format("external data in {}, {} bytes\n", name, with_commas(bytes));
  text += fmt::format("IR version {}, operator sets:", report.ir_version);
  for (const auto& [domain, version] : report.opsets)
    text += fmt::format(" {} {}", domain.empty() ? "ai.onnx" : domain, version);
  text += fmt::format("\n{} nodes, {} parameters, {} bytes of weights, {} of them in duplicates\n",
                      with_commas(report.size.nodes), with_commas(report.size.parameters),
                      with_commas(report.size.weight_bytes), with_commas(report.duplicate_bytes));
  text += macs_text(report);
  if (report.data) {
    text += fmt::format(
        "shapes are those of a run on {}{}\n", report.data->name,
        report.data->synthetic ? " data" : fmt::format(": {}", fmt::join(report.data->arrays, "; ")));
  }
  if (report.entropy_bytes) {
    text += fmt::format("{} bytes of weights if each tensor were coded at its entropy\n",
                        with_commas(*report.entropy_bytes));
  }
  for (const std::string& input : report.inputs) text += fmt::format("input    {}\n", input);
  for (const std::string& output : report.outputs) text += fmt::format("output   {}\n", output);
  return text + "\n";
}

std::string operators_text(const InspectReport& report) {
  Rows rows{{"operator", "nodes", "parameters", "bytes", "share", "MACs"}};
  for (const OperatorEntry& o : report.operators) {
    const double share = report.size.weight_bytes == 0
                             ? 0
                             : static_cast<double>(o.bytes) / static_cast<double>(report.size.weight_bytes);
    rows.push_back({o.name, with_commas(o.count), with_commas(o.parameters), with_commas(o.bytes),
                    percent(share), with_commas(o.macs)});
  }
  return table(rows, {Align::left, Align::right, Align::right, Align::right, Align::right, Align::right}) +
         "\n";
}

std::string forms_text(const InspectReport& report) {
  Rows rows{{"type", "form", "coder", "tensors", "elements", "bytes"}};
  for (const StorageEntry& f : report.forms) {
    rows.push_back(
        {f.dtype, f.form, f.coder, with_commas(f.tensors), with_commas(f.elements), with_commas(f.bytes)});
  }
  return table(rows, {Align::left, Align::left, Align::left, Align::right, Align::right, Align::right}) +
         "\n";
}

// The entries to show: all in their order, or those with the most bytes.
template <class Entry, class Bytes>
std::vector<const Entry*> shown(const std::vector<Entry>& entries, Detail detail, const Bytes& bytes) {
  std::vector<const Entry*> list;
  for (const Entry& entry : entries) list.push_back(&entry);
  if (detail == Detail::everything || list.size() <= kLargest) return list;
  std::ranges::stable_sort(list, std::greater{}, [&](const Entry* entry) { return bytes(*entry); });
  list.resize(kLargest);
  return list;
}

std::string rest_text(std::size_t all, std::size_t shown) {
  return all == shown ? "" : fmt::format("and {} smaller ones, see -v\n", with_commas(all - shown));
}

std::string layers_text(const InspectReport& report, Detail detail) {
  Rows rows{{"layer", "operator", "parameters", "bytes", "MACs"}};
  const auto list = shown(report.layers, detail, [](const LayerEntry& layer) { return layer.bytes; });
  for (const LayerEntry* layer : list) {
    rows.push_back({layer->name.empty() ? "-" : layer->name, layer->op, with_commas(layer->parameters),
                    with_commas(layer->bytes), layer->macs ? with_commas(*layer->macs) : "-"});
  }
  return table(rows, {Align::left, Align::left, Align::right, Align::right, Align::right}) +
         rest_text(report.layers.size(), list.size()) + "\n";
}

std::string tensors_text(const InspectReport& report, Detail detail) {
  Rows rows{{"tensor", "type", "shape", "form", "coder", "bytes", "bits", "entropy", "distinct", "zeros"}};
  const auto list =
      shown(report.tensors, detail, [](const TensorEntry& tensor) { return tensor.bytes_after; });
  for (const TensorEntry* t : list) {
    rows.push_back({t->name, t->dtype, ir::to_string(t->shape), t->form, t->coder,
                    with_commas(t->bytes_after), fmt::format("{:.2f}", t->bits_per_weight),
                    t->entropy_bits ? fmt::format("{:.2f}", *t->entropy_bits) : "-",
                    t->distinct ? with_commas(*t->distinct) : "-",
                    t->sparsity ? percent(*t->sparsity) : "-"});
  }
  std::string text = table(rows, {Align::left, Align::left, Align::left, Align::left, Align::left,
                                  Align::right, Align::right, Align::right, Align::right, Align::right});
  text += rest_text(report.tensors.size(), list.size());
  if (detail == Detail::everything) {
    for (const TensorEntry& t : report.tensors) {
      if (t.same_as)
        text += fmt::format("{} repeats {}, {} bytes\n", t.name, *t.same_as, with_commas(t.bytes_after));
    }
  }
  return text;
}

}  // namespace

std::string to_text(const InspectReport& report, Detail detail) {
  std::string text = head(report) + operators_text(report);
  if (!report.forms.empty()) text += forms_text(report);
  if (!report.layers.empty()) text += layers_text(report, detail);
  return report.tensors.empty() ? text : text + tensors_text(report, detail);
}

}  // namespace pith::report
