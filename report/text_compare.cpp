// The text of `compare`.
#include <fmt/core.h>

#include <algorithm>

#include "report/table.h"
#include "report/text.h"

namespace pith::report {
namespace {

using Rows = std::vector<std::vector<std::string>>;

constexpr std::size_t kMostTensors = 20;

std::string macs_text(const std::optional<std::uint64_t>& macs) {
  return macs ? with_commas(*macs) : "not known";
}

std::string sizes_text(const CompareReport& report) {
  const bool larger = report.b.bytes > report.a.bytes;
  std::string text = fmt::format("{} -> {}\n", report.a.name, report.b.name);
  text +=
      fmt::format("size     {} -> {} bytes, {}\n", with_commas(report.a.bytes), with_commas(report.b.bytes),
                  report.a.bytes == report.b.bytes
                      ? "equal"
                      : fmt::format("{:.2f}x {}", larger ? 1 / report.ratio() : report.ratio(),
                                    larger ? "larger" : "smaller"));
  const auto row = [](const char* name, std::uint64_t a, std::uint64_t b) {
    return std::vector<std::string>{name, with_commas(a), with_commas(b)};
  };
  return text + "\n" +
         table({{"", "a", "b"},
                row("weight bytes", report.size_a.weight_bytes, report.size_b.weight_bytes),
                row("parameters", report.size_a.parameters, report.size_b.parameters),
                row("nodes", report.size_a.nodes, report.size_b.nodes),
                {"MACs", macs_text(report.size_a.macs), macs_text(report.size_b.macs)}},
               {Align::left, Align::right, Align::right}) +
         "\n";
}

std::string declarations(const char* what, const std::vector<DeclarationPair>& pairs) {
  std::string text;
  for (const DeclarationPair& pair : pairs) {
    text +=
        fmt::format("{} {}: {} -> {}\n", what, pair.name, pair.a.value_or("none"), pair.b.value_or("none"));
  }
  return text;
}

std::string graph_text(const CompareReport& report) {
  if (report.same_graph) return "graph    equal, apart from the values of weights\n";
  std::string text;
  if (!report.operators.empty()) {
    Rows rows{{"operator", "a", "b", "change"}};
    for (const CountPair& pair : report.operators) {
      rows.push_back({pair.name, fmt::format("{}", pair.a), fmt::format("{}", pair.b),
                      fmt::format("{:+}", pair.b - pair.a)});
    }
    text += table(rows, {Align::left, Align::right, Align::right, Align::right});
  } else {
    text += "graph    differs, with equally many nodes of each operator\n";
  }
  for (const CountPair& pair : report.opsets) {
    text +=
        fmt::format("operator set {}: {} -> {}\n", pair.name.empty() ? "ai.onnx" : pair.name, pair.a, pair.b);
  }
  return text + declarations("input", report.inputs) + declarations("output", report.outputs);
}

// "dense" when both are, else "dense -> affine"; the same for types.
std::string change(const std::string& a, const std::string& b) {
  return a == b ? a : fmt::format("{} -> {}", a, b);
}

std::string only_text(const char* where, const std::vector<std::pair<std::string, ConstantEntry>>& constants,
                      Detail detail) {
  if (constants.empty()) return "";
  std::uint64_t bytes = 0;
  for (const auto& [name, constant] : constants) bytes += constant.bytes;
  std::string text = fmt::format("only in {}: {} tensors, {} bytes\n", where, with_commas(constants.size()),
                                 with_commas(bytes));
  if (detail == Detail::summary) return text;
  for (const auto& [name, constant] : constants) {
    text += fmt::format("  {} {} {} {}, {} bytes\n", name, constant.dtype, ir::to_string(constant.shape),
                        constant.form, with_commas(constant.bytes));
  }
  return text;
}

std::string tensors_text(const CompareReport& report, Detail detail) {
  std::vector<const TensorPair*> changed;
  for (const TensorPair& pair : report.tensors) {
    const bool stored_alike = pair.a.form == pair.b.form && pair.a.coder == pair.b.coder;
    if (!pair.equal || (detail == Detail::everything && !stored_alike)) changed.push_back(&pair);
  }
  const auto differ = static_cast<std::size_t>(
      std::ranges::count_if(report.tensors, [](const TensorPair& pair) { return !pair.equal; }));
  std::string text = fmt::format("\ntensors  {} equal bit for bit, {} differ\n",
                                 with_commas(report.tensors.size() - differ), with_commas(differ));
  text += only_text("a", report.only_in_a, detail) + only_text("b", report.only_in_b, detail);
  if (changed.empty()) return text;
  const std::size_t all = changed.size();
  if (detail == Detail::summary && all > kMostTensors) {
    std::ranges::stable_sort(changed, std::greater{}, [](const TensorPair* pair) { return pair->a.bytes; });
    changed.resize(kMostTensors);
  }
  Rows rows{{"tensor", "type", "shape", "form", "bytes a", "bytes b", "max error", "SQNR"}};
  for (const TensorPair* pair : changed) {
    rows.push_back({pair->name, change(pair->a.dtype, pair->b.dtype),
                    change(ir::to_string(pair->a.shape), ir::to_string(pair->b.shape)),
                    change(pair->a.form, pair->b.form), with_commas(pair->a.bytes),
                    with_commas(pair->b.bytes),
                    pair->max_abs_error ? fmt::format("{:.4g}", *pair->max_abs_error) : "-",
                    pair->sqnr_db ? fmt::format("{:.2f} dB", *pair->sqnr_db) : "-"});
  }
  text += "\n" + table(rows, {Align::left, Align::left, Align::left, Align::left, Align::right, Align::right,
                              Align::right, Align::right});
  if (changed.size() < all)
    text += fmt::format("and {} smaller ones, see -v\n", with_commas(all - changed.size()));
  return text;
}

std::string run_text(const CompareReport& report) {
  if (!report.run) return "";
  const OutputsEntry& run = *report.run;
  Rows rows{{"output", "elements", "max error", "relative", "SQNR", "agreement", "bits"}};
  for (const engine::OutputDifference& output : run.comparison.outputs) {
    const std::string& name = output.name.empty() ? output.other : output.name;
    if (!output.not_compared.empty()) {
      rows.push_back({name, "-", "-", "-", "-", "-", output.not_compared});
      continue;
    }
    const engine::Difference& d = output.difference;
    const auto sqnr = d.sqnr_db();
    rows.push_back({change(name, output.other), with_commas(d.elements), fmt::format("{:.4g}", d.max_abs),
                    fmt::format("{:.4g}", d.relative()), sqnr ? fmt::format("{:.2f} dB", *sqnr) : "-",
                    output.agreement ? fmt::format("{:.2f} %", 100 * *output.agreement) : "-",
                    d.equal ? "equal" : "differ"});
  }
  const std::uint64_t samples = run.comparison.samples;
  const std::string data = run.synthetic  ? fmt::format("{} synthetic samples", with_commas(samples))
                           : samples == 0 ? fmt::format("the run of {}", run.data)
                                          : fmt::format("{} samples of {}", with_commas(samples), run.data);
  return fmt::format("\noutputs  on {}, ONNX Runtime {} with optimisations {}\n", data,
                     report.environment.onnxruntime, run.optimizations ? "on" : "off") +
         table(rows, {Align::left, Align::right, Align::right, Align::right, Align::right, Align::right,
                      Align::left});
}

}  // namespace

std::string to_text(const CompareReport& report, Detail detail) {
  std::string text =
      sizes_text(report) + graph_text(report) + tensors_text(report, detail) + run_text(report);
  for (const std::string& what : report.left_out) text += fmt::format("left out {}\n", what);
  if (report.tolerance) {
    const std::string exceeded = report.exceeded();
    text += exceeded.empty() ? fmt::format("result   within the tolerance of {:.4g}\n", *report.tolerance)
                             : fmt::format("result   {}\n", exceeded);
  }
  return text;
}

}  // namespace pith::report
